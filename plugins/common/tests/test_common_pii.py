from __future__ import annotations

import hashlib
import hmac
import os
import stat
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from waybill_common import pii
from waybill_common.dead_letters import DeadLetter
from waybill_common.errors import WaybillError

if TYPE_CHECKING:
    from pathlib import Path

    from waybill_warehouse.scratch import ScratchDatabase

SALT = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "a" / "home"
    monkeypatch.setenv("WAYBILL_HOME", str(folder))
    return folder


def test_a_hash_is_hmac_sha_256() -> None:
    """Who has the salt can find the hash of a value with any tool, such as openssl."""
    expected = hmac.new(SALT.encode(), "Zoë".encode(), hashlib.sha256).hexdigest()
    assert pii.Hasher(SALT).of_sql_type("text")("Zoë") == expected


def test_another_salt_gives_another_hash_and_fingerprint() -> None:
    """Hashes of two salts cannot be mixed up; the fingerprint, which state shows, is not the salt."""
    one, other = pii.Hasher(SALT), pii.Hasher(SALT[::-1])
    assert one.of_sql_type("text")("x") != other.of_sql_type("text")("x")
    assert one.fingerprint != other.fingerprint
    assert one.fingerprint not in SALT


def test_null_stays_null_and_the_empty_string_is_hashed() -> None:
    """A missing value is no value; the empty string is one."""
    hash_ = pii.Hasher(SALT).of_sql_type("text")
    assert pii.hashed([None, "", "a"], hash_) == [None, hash_(""), hash_("a")]
    assert len(hash_("")) == 64


@pytest.mark.parametrize(
    ("sql_type", "texts"),
    [
        ("text", ["a "]),
        ("integer", ["7", "+7", "007"]),
        ("numeric", ["1.5", "1.50", "+01.500", "15e-1"]),
        ("numeric(6,2)", ["0", "0.00", "-0"]),
        ("numeric", ["1000", "1e3", "1000."]),
        ("numeric", ["12345678901234567890123456789012345678901234567890.1"]),
        ("numeric", ["NaN"]),
        ("real", ["0.1", "0.10000000149011612", "1e-1"]),
        ("double precision", ["0.1", "1e-1"]),
        ("double precision", ["-0", "0"]),
        ("double precision", ["Infinity"]),
        ("boolean", ["true", "T", "1", "t"]),
        ("date", ["2018-02-28"]),
        ("timestamp", ["2018-02-28", "2018-02-28T00:00", "2018-02-28 00:00:00.000"]),
        ("timestamp", ["2018-02-28 23:59:59.5", "2018-02-28 23:59:59.500000"]),
        ("timestamp", ["infinity"]),
        ("timestamptz", ["2018-02-28 01:00+01", "2018-02-28", "2018-02-28T05:30:00+0530"]),
        ("timestamptz", ["2018-02-28T00:00:00.25Z", "2018-02-28 01:00:00.250+01:00"]),
        ("uuid", ["123E4567-e89b-12d3-a456-426614174000", "123e4567-e89b-12d3-a456-426614174000"]),
        ("character(4)", ["ab", "ab  "]),
        ("jsonb", ['{"a": 1}']),
        ("integer[]", ["{1,2}"]),
    ],
)
def test_one_value_has_one_hash_however_it_is_written(
    cluster: object, warehouse: ScratchDatabase, sql_type: str, texts: list[str]
) -> None:
    """The same person in a CSV and in a table is the same person: PostgreSQL's text hashes alike."""
    assert cluster
    hash_ = pii.Hasher(SALT).of_sql_type(sql_type)
    written = warehouse.rows(
        "select " + ", ".join(f"('{text}'::{sql_type})::text" for text in texts)
    )[0]
    assert len({hash_(text) for text in (*texts, *written)}) == 1


def test_different_values_have_different_hashes() -> None:
    """What is brought to one text is one value, no more."""
    hasher = pii.Hasher(SALT)
    for sql_type, one, other in (
        ("text", "a", "a "),
        ("integer", "1", "10"),
        ("numeric", "100", "1"),
        ("numeric", "0.1", "0.01"),
        ("timestamp", "2018-02-28 00:00:00.5", "2018-02-28 00:00:00.05"),
        ("timestamptz", "2018-02-28 00:00+00", "2018-02-28 00:00+01"),
        ("boolean", "t", "f"),
    ):
        hash_ = hasher.of_sql_type(sql_type)
        assert hash_(one) != hash_(other)


def test_a_text_its_type_does_not_admit_is_hashed_all_the_same() -> None:
    """A dead letter's bad value neither shows itself nor stops the run."""
    for text in ("twelve", "", "\udcff"):
        assert len(pii.Hasher(SALT).of_sql_type("integer")(text)) == 64


def test_in_development_one_salt_is_made_and_kept(home: Path) -> None:
    """Nothing to set up on a laptop, and the next run hashes alike; nobody else reads the file."""
    first = pii.hasher().fingerprint
    assert pii.hasher().fingerprint == first
    file = home / "pii_salt"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(file.read_text().strip()) == 64


def test_processes_that_start_together_agree_on_the_salt(home: Path) -> None:
    """Two taps of one job that make the salt at once would hash one value in two ways."""
    program = "from waybill_common import pii; print(pii.hasher().fingerprint)"
    environment = os.environ | {"WAYBILL_HOME": str(home)}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=environment
        )
        for _ in range(6)
    ]
    printed = {process.communicate()[0] for process in started}
    assert len(printed) == 1
    assert all(process.returncode == 0 for process in started)


def test_the_environment_wins_and_production_wants_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A salt that is lost with a machine makes every hash of a warehouse worthless."""
    monkeypatch.setenv("MELTANO_ENVIRONMENT", "prod")
    with pytest.raises(WaybillError, match=r"WAYBILL_PII_SALT is not set.*openssl rand -hex 32"):
        pii.hasher()
    assert not home.exists()
    monkeypatch.setenv("WAYBILL_PII_SALT", SALT)
    assert pii.hasher().fingerprint == pii.Hasher(SALT).fingerprint


def test_a_short_salt_is_refused_and_not_shown(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What can be guessed hides nothing, whether it was set or a file was torn."""
    monkeypatch.setenv("WAYBILL_PII_SALT", "hunter2")
    with pytest.raises(WaybillError, match="WAYBILL_PII_SALT has fewer than 32") as refused:
        pii.hasher()
    assert "hunter2" not in str(refused.value)
    monkeypatch.delenv("WAYBILL_PII_SALT")
    home.mkdir(parents=True)
    (home / "pii_salt").write_text("")
    with pytest.raises(WaybillError, match=r"salt in .*pii_salt has fewer.* Remove"):
        pii.hasher()


def test_a_dead_letter_keeps_hashes_in_place_of_values() -> None:
    """What could not land must not lie about in the clear; what cannot be told apart is not kept."""
    hash_ = pii.Hasher(SALT).of_sql_type("date")
    whole = DeadLetter(
        "people",
        "column n: 'x' is not a whole number",
        key={"born": "1990-01-02"},
        raw="CANARY,x,a",
        payload={"born": "CANARY", "died": None, "n": "x"},
    )
    hashes = {"born": hash_, "died": hash_}
    letter = pii.hashed_letter(whole, hashes)
    assert letter.key == {"born": hash_("1990-01-02")}
    assert letter.payload == {"born": hash_("CANARY"), "died": None, "n": "x"}
    assert letter.raw is None
    assert pii.hashed_letter(replace(whole, key=None, payload=None), hashes).payload is None
    assert pii.hashed_letter(replace(whole, column="born"), hashes).key is None
    assert pii.hashed_letter(whole, {}) is whole
