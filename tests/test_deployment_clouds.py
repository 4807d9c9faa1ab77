"""deploy/terraform against the rest of the project; what needs Terraform itself: `make deploy-check`."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import shutil
import subprocess

import deployed
import pytest
from deployed import CLOUDS, DEPLOY, ROOT
from rich.console import Console
from test_project_contract import JOBS

from waybill.receipt.model import Difference, Receipt
from waybill.receipt.printing import show


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_configuration_is_formatted(cloud: str) -> None:
    """Protects readers of a plan from differences that are none."""
    if shutil.which("terraform") is None:
        pytest.skip("there is no terraform on this machine; `make deploy-check` demands one")
    done = subprocess.run(
        ["terraform", "fmt", "-check", "-diff", "-recursive", DEPLOY / "terraform" / cloud],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("cloud", CLOUDS)
def test_schedules_run_jobs_that_exist(cloud: str) -> None:
    """Protects from a misspelt job, which would fail only when it is due."""
    jobs = re.findall(r'job = "([a-z-]+)"', deployed.terraform(cloud))
    assert jobs
    assert set(jobs) <= JOBS.keys()


@pytest.mark.parametrize("cloud", CLOUDS)
def test_no_secrets_value_can_stand_in_the_state(cloud: str) -> None:
    """Protects passwords: who reads a state reads all that Terraform was ever told."""
    text = deployed.terraform(cloud)
    kinds = "secretsmanager_secret_version|secret_manager_secret_version|random_password"
    assert re.findall(rf'resource "\w*(?:{kinds}|iam_access_key|service_account_key)"', text) == []
    assert re.findall(r"^\s*(?:master_)?password(?:_wo)?\s*=", text, re.MULTILINE) == []


def test_a_task_writes_to_what_the_image_declares() -> None:
    """Protects a read-only task from a folder that nobody may write to."""
    (declared,) = [rest for name, rest in deployed.instructions() if name == "VOLUME"]
    written = deployed.terraform("aws").partition("written = {")[2].partition("}")[0]
    assert set(re.findall(r'"(/[^"]+)"', written)) == set(json.loads(declared))


def test_the_data_sets_are_the_warehouses_schemas() -> None:
    """Protects the mirror of load/bootstrap from a schema that only one of them has."""
    bootstrap = (ROOT / "load" / "bootstrap" / "20_schemas.sql").read_text(encoding="utf-8")
    schemas = re.findall(r"^create schema if not exists (\w+)", bootstrap, re.MULTILINE)
    default = deployed.terraform("gcp").partition('variable "datasets"')[2]
    listed = re.findall(r'"(\w+)"', default.partition("default = {")[2].partition("\n  }")[0])
    assert sorted(listed) == sorted(schemas)


def test_alarms_listen_to_what_a_receipt_prints() -> None:
    """Protects the alarms: with other words in the receipt they would be silent for ever."""
    aws = re.search(
        r'balanced = "(?P<balanced>[^\n]*)", not-balanced = "(?P<other>[^\n]*)" }',
        deployed.terraform("aws"),
    )
    gcp = dict(re.findall(r'([\w-]+)\s+= "textPayload=~\\"(\S.*)\\""', deployed.terraform("gcp")))
    assert aws
    patterns = {
        "balanced": (aws["balanced"], gcp["balanced"]),
        "not-balanced": (aws["other"], gcp["not-balanced"]),
    }
    for said, lines in {"balanced": _printed(), "not-balanced": _printed(_LOST)}.items():
        for name, (terms, expression) in patterns.items():
            expected = 1 if name == said else 0
            assert sum(_has(line, terms) for line in lines) == expected
            assert sum(bool(re.search(expression, line)) for line in lines) == expected


_LOST = Difference("olist.orders", "rows", "2 by the tap", "1 in the table")


def _printed(*differences: Difference) -> list[str]:
    now = dt.datetime(2026, 11, 30, tzinfo=dt.UTC)
    out = io.StringIO()
    receipt = Receipt("r", "run", ("olist",), now, now, (), (), (), differences)
    show(receipt, Console(file=out, width=120))
    return out.getvalue().splitlines()


def _has(line: str, terms: str) -> bool:
    """Whether a line matches CloudWatch's filter of quoted terms, `-` before those that must not be there."""
    found = re.findall(r'(-?)\\"(.*?)\\"', terms)
    return all((text in line) != bool(negated) for negated, text in found)
