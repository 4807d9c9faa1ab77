from __future__ import annotations

import pytest

from waybill_common.errors import WaybillError, reports_errors


@reports_errors
def command(*, error: Exception | None) -> None:
    """Does or fails as it is told."""
    if error:
        raise error


def test_a_known_failure_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Cause first, then the remedy, on stderr, with exit code 1 and no traceback."""
    with pytest.raises(SystemExit) as left:
        command(error=WaybillError("orders.csv, line 3:\n  no price.", "Mend the\nfile."))
    assert left.value.code == 1
    printed = capsys.readouterr()
    assert printed.err == "error: orders.csv, line 3: no price. Mend the file.\n"
    assert printed.out == ""


def test_the_traceback_is_there_for_who_asks(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """WAYBILL_DEBUG shows where a failure comes from; its last line stays the same."""
    monkeypatch.setenv("WAYBILL_DEBUG", "1")
    with pytest.raises(SystemExit):
        command(error=WaybillError("no price."))
    printed = capsys.readouterr().err
    assert "Traceback" in printed
    assert printed.endswith("\nerror: no price.\n")


def test_a_defect_keeps_its_traceback() -> None:
    """What nobody foresaw is not dressed up as a known failure; success returns."""
    with pytest.raises(ZeroDivisionError):
        command(error=ZeroDivisionError())
    command(error=None)
