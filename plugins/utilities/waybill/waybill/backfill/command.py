"""`waybill backfill`: check, say what is to be done, load, reconcile."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import set_json_loads

from waybill.backfill import closing, pipeline, plan, request, store
from waybill.backfill.progress import Progress
from waybill.receipt.printing import console, show
from waybill_common import connections, ledger, private_files, runs
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    import argparse
    import uuid
    from typing import Any

    from waybill.backfill.pipeline import Pipeline
    from waybill.backfill.request import Request
    from waybill.backfill.store import Backfill
    from waybill.receipt.model import Receipt

STEP = "waybill:backfill"
ROWS_A_PART = 1_000_000
"""Rows of a database after which a backfill that is cut off can go on."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("source", help="id of the source's contract")
    parser.add_argument(
        "--streams", default="", metavar="A,B", help="default: all that have a window"
    )
    parser.add_argument(
        "--from",
        dest="low",
        help="first value of the replication key; of files, the first name (default: the first); of the lake, a date and time",
    )
    parser.add_argument(
        "--to",
        dest="high",
        help="first value of the replication key after the window; of files, the last name in it",
    )
    parser.add_argument(
        "--from-lake",
        action="store_true",
        help="replay what has come into the lake since --from; the source is not asked",
    )
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
    parser.add_argument(
        "--rows-per-part",
        type=int,
        default=ROWS_A_PART,
        metavar="ROWS",
        help=f"of a database: rows of one transaction, default {ROWS_A_PART:,}",
    )


def run(arguments: argparse.Namespace) -> int:
    """Load a window once more.

    Returns:
        0 where source and warehouse agree after it, otherwise 1.

    Raises:
        WaybillError: It cannot be done, or was cut off.
    """
    names = [name for part in arguments.streams.split(",") if (name := part.strip())]
    over_lake = arguments.from_lake
    wanted = request.read(
        arguments.source, names, arguments.low, arguments.high, over_lake=over_lake
    )
    pair = pipeline.of_schema(wanted.contract.raw_schema, over_lake=over_lake)
    login = connections.warehouse("loader")
    if arguments.dry_run:
        _foretell(login, wanted, pair)
        return 0
    with ledger.step(login, STEP, resources={wanted.contract.raw_schema}) as step:
        work = _Work(login, wanted, pair, step.run.run_id)
        backfill = work.prepare()
        step["backfill_id"] = str(backfill.backfill_id)
        work.load(backfill, arguments.rows_per_part)
        receipt = work.close(backfill)
        step["rows"] = sum(report.movement.read for report in receipt.streams)
        if found := receipt.all_differences:
            step |= {"succeeded": False, "data_quality": True, "cause": str(found[0])}
    show(receipt, console())
    return 0 if receipt.is_balanced else 1


def _foretell(login: connections.Connection, wanted: Request, pair: Pipeline) -> None:
    with login.connect(row_factory=dict_row) as session:
        session.read_only = True
        cut_off = store.unfinished(session, wanted)
        plan.show(wanted, plan.shares(session, wanted, store.state(session, wanted)), console())
    begun = f"go on with backfill {cut_off.backfill_id}" if cut_off else "begin a backfill"
    reads = "replays the lake" if wanted.over_lake else "reads the window and what is new"
    print(
        f"dry run: nothing was loaded. It would {begun}: {pair.extractor} to {pair.loader} with a"
        f" state of its own, which {reads}; the job's own state stays."
    )


@dataclass
class _Work:
    """One run of a backfill.

    Attributes:
        rows: Of each stream, how many rows it has in the window; empty where that is not known.
    """

    login: connections.Connection
    wanted: Request
    pair: Pipeline
    run_id: uuid.UUID
    rows: dict[str, int] = field(default_factory=dict)

    def prepare(self) -> Backfill:
        """Find the backfill that was cut off, or begin one; and say what it has to do."""
        with self.login.connect(row_factory=dict_row) as session:
            state = store.state(session, self.wanted)
            shares = plan.shares(session, self.wanted, state)
            plan.show(self.wanted, shares, console())
            if not self.wanted.over_lake:
                self.rows = {share.stream: share.source for share in shares}
            backfill = store.unfinished(session, self.wanted)
            session.commit()
            if backfill:
                print(f"going on with backfill {backfill.backfill_id}, which was cut off")
                self._restore_state(backfill, state)
            else:
                backfill = store.Backfill.new()
                self._set_state(backfill, state)
                store.begin(session, self.wanted, backfill)
            store.add_run(session, backfill, self.run_id)
        return backfill

    def load(self, backfill: Backfill, rows_a_part: int) -> None:
        """Let tap and target load the window.

        Raises:
            WaybillError: They did not come to the end.
        """
        settings = {
            runs.RUN_ID_VARIABLE: str(self.run_id),
            self.pair.variable("_select_filter"): json.dumps(self.wanted.names),
        }
        if not (self.wanted.is_by_file or self.wanted.over_lake):
            settings |= {
                self.pair.variable("window_from"): str(self.wanted.low),
                self.pair.variable("window_to"): str(self.wanted.high),
                self.pair.variable("rows_per_part"): str(rows_a_part),
            }
        # The lock of a state that no other run has: it is left over where this one was killed.
        arguments = ["--environment", self.pair.environment, "run", "--no-install", "--force"]
        arguments += ["--state-id-suffix", backfill.suffix, self.pair.extractor, self.pair.loader]
        run_ids = [*backfill.run_ids, self.run_id]
        with Progress(self.login, self.wanted.contract.raw_schema, run_ids, self.rows):
            code = pipeline.run(arguments, settings)
        if code:
            msg = f"The load of the window ended with {code}; what was committed stays."
            remedy = "Mend what the lines above name, and run the same command: it goes on."
            raise WaybillError(msg, remedy)

    def close(self, backfill: Backfill) -> Receipt:
        """Issue the receipt, and forget the state."""
        with self.login.connect(row_factory=dict_row) as session:
            session.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            set_json_loads(partial(json.loads, parse_float=Decimal), session)
            receipt = closing.issue(session, self.wanted, backfill, self.run_id)
        pipeline.ask(["state", "clear", "--force", self.pair.state_id(backfill.suffix)])
        return receipt

    def _restore_state(self, backfill: Backfill, state: dict[str, Any]) -> None:
        """See to it that there is a state to go on from: without one, all would be read, not a window."""
        if not pipeline.has_state(self.pair.state_id(backfill.suffix)):
            print("its state is not here (another machine, or a new meltano.db): it begins anew")
            self._set_state(backfill, state)

    def _set_state(self, backfill: Backfill, state: dict[str, Any]) -> None:
        with tempfile.TemporaryDirectory(prefix="waybill-") as folder:
            file = Path(folder) / "state.json"
            private_files.write(file, json.dumps(state))
            state_id = self.pair.state_id(backfill.suffix)
            pipeline.ask(["state", "set", "--force", "--input-file", str(file), state_id])
