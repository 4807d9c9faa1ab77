from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from target_postgres.sums import Sums

if TYPE_CHECKING:
    from waybill_warehouse.scratch import ScratchDatabase


def test_sums_are_right_wherever_rows_come_to_stand(warehouse: ScratchDatabase) -> None:
    # A control total never misses a row: also not one that PostgreSQL puts where an older one was.
    with warehouse.connection().connect(autocommit=True) as session:
        session.execute("create table public.t (n numeric)")
        sums = Sums(session, "public.t", ["n"])
        session.execute("insert into public.t values (1.10), (2), (null)")
        session.execute("delete from public.t where n = 2")
        session.execute("vacuum public.t")
        sums.advance()
        session.execute("insert into public.t values (30), ('NaN')")
        places = session.execute("select ctid::text from public.t order by n").fetchall()
        assert places == [("(0,1)",), ("(0,2)",), ("(0,4)",), ("(0,3)",)]
        assert sums.of(4)["n"].is_nan()
        session.execute("delete from public.t where n = 'NaN'")
        assert sums.of(3) == {"n": Decimal("31.10")}
