"""`waybill-lake publish-marts|marts`."""

from __future__ import annotations

import argparse
from contextlib import closing

from waybill_common import connections
from waybill_common.errors import WaybillError, reports_errors
from waybill_lake.publishing import Publishing, latest
from waybill_lake.stores import open_processed


@reports_errors
def main(argv: list[str] | None = None) -> None:
    """Run one command on the lake."""
    parser = argparse.ArgumentParser(prog="waybill-lake", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    commands.add_parser("publish-marts", help="write each mart that has changed as Parquet")
    commands.add_parser("marts", help="print where the latest version of each mart is")
    if parser.parse_args(argv).command == "publish-marts":
        _publish()
    else:
        _print_latest()


def _publish() -> None:
    with closing(open_processed()) as store:
        done = Publishing(store).publish(connections.warehouse("reader"))
        if not done.written and not done.equal:
            msg = "The role `reader` can read no mart."
            raise WaybillError(msg, "Build them first: `meltano run elt`.")
        print(
            f"lake: {len(done.written)} marts published, {len(done.equal)} unchanged,"
            f" manifest {done.sequence} in {store.place}"
        )


def _print_latest() -> None:
    with closing(open_processed()) as store:
        manifest = latest(store)
        if manifest is None:
            msg = f"The lake {store.place} has no marts."
            raise WaybillError(msg, "Publish them: `meltano invoke lake:publish-marts`.")
        for title, mart in manifest.body["marts"].items():
            for part in mart["parts"]:
                print(f"{title}\t{mart['rows']}\t{store.place}/{part['object']}")
