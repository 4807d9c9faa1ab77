"""`waybill-dashboard`: serve the dashboard on this machine, until Ctrl-C."""

from __future__ import annotations

import argparse

from waybill_analyze.dashboard import pages, ports, server
from waybill_common.errors import reports_errors


@reports_errors
def main() -> None:
    """Read the pages, so that a mistake in one is told before anybody looks; then serve them."""
    argparse.ArgumentParser(prog="waybill-dashboard", description=__doc__).parse_args()
    pages.load_all()
    server.run(ports.choose())
