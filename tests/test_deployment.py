"""deploy/: the services do what Meltano's files say, and none of them may do more than it must."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import deployed
import pytest
import yaml
from deployed import DEPLOY, OTHERS, OURS, ROOT, SERVICES
from test_project_contract import JOBS, UTILITIES

from waybill_airflow import stack

_TESTED = {
    "run elt-lake": ("tests/test_elt_next_day.py", '"elt-lake"'),
    "invoke warehouse:up": ("tests/test_airflow_stack.py", '"warehouse:up"'),
    "invoke airflow db migrate": ("tests/test_airflow.py", '"airflow", "db", "migrate"'),
} | {
    f"invoke airflow:{name}": ("deploy/tests/test_services.py", "SERVICES")
    for name in stack.PROCESSES
}
"""By command, a test that runs it without containers, and what of it stands there."""
_ROOT_WITHOUT_RIGHTS = {"minio", "minio-setup"}


@pytest.mark.parametrize("name", OURS)
def test_each_command_is_one_of_meltanos_that_a_test_runs(name: str) -> None:
    """Protects the services from commands that nobody has ever run."""
    words = deployed.command(OURS[name])
    if words[0] == "run":
        assert set(words[1:]) <= JOBS.keys()
    else:
        plugin, _, command = words[1].partition(":")
        assert not command or command in UTILITIES[plugin]["commands"]
    path, text = _TESTED[" ".join(words)]
    assert text in (ROOT / path).read_text(encoding="utf-8")


def test_airflows_processes_are_services_as_the_manual_has_them() -> None:
    """Protects the list: a process left out would be missed only when a deadline passes."""
    manual = (ROOT / "docs" / "scheduling.md").read_text(encoding="utf-8")
    section = manual.partition("## As services\n")[2].partition("\n## ")[0]
    typed = {" ".join(found.split()) for found in re.findall(r"invoke airflow[^#\n`]*", section)}
    served = {" ".join(deployed.command(each)) for each in OURS.values()}
    told = {each for each in typed if not each.startswith("invoke airflow celery")}
    assert {each for each in served if each.startswith("invoke airflow")} == told
    assert {f"invoke airflow:{name}" for name in stack.PROCESSES} < told


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_may_do_more_than_it_must(name: str) -> None:
    """Protects the machine from whoever gets into a container."""
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["read_only"] is True
    assert service["pids_limit"] > 0
    assert not {"privileged", "cap_add", "network_mode", "pid", "devices"} & service.keys()
    user = service.get("user", "0:0").split(":")[0]
    assert user.isdigit()
    assert (user == "0") == (name in _ROOT_WITHOUT_RIGHTS)
    assert all(re.match(r"127\.0\.0\.1:", port) for port in service.get("ports", ()))
    assert not any("docker.sock" in volume for volume in service.get("volumes", ()))
    is_kept_running = service["restart"] != "no"
    assert not is_kept_running or service["healthcheck"]["test"][0] == "CMD"


def test_who_prepares_is_waited_for() -> None:
    """Protects `up --wait`: a container that has ended fails it, unless somebody needs it to have ended."""
    prepares = {
        name
        for name, service in SERVICES.items()
        if service["restart"] == "no" and "profiles" not in service
    }
    awaited = {
        name
        for service in SERVICES.values()
        for name, how in service.get("depends_on", {}).items()
        if how == {"condition": "service_completed_successfully"}
    }
    assert prepares == awaited


@pytest.mark.parametrize("name", OTHERS)
def test_each_image_is_one_that_cannot_become_another(name: str) -> None:
    """Protects from a tag that somebody moves."""
    assert re.fullmatch(r"[a-z0-9/.-]+:[\w.-]+@sha256:[0-9a-f]{64}", OTHERS[name]["image"])


def test_secrets_are_files_that_only_those_see_who_need_them() -> None:
    """Protects passwords from `docker inspect`, and from processes that have no use for them."""
    secrets = deployed.COMPOSE["secrets"]
    assert all(each == {"file": f"secrets/{name}"} for name, each in secrets.items())
    told = [
        (name, variable)
        for name, service in SERVICES.items()
        for variable in service.get("environment", {})
        if variable in secrets or re.search("PASSWORD|SECRET|SALT", variable)
    ]
    assert {variable for _, variable in told if not variable.endswith("_FILE")} == set()
    users: dict[str, set[str]] = {}
    for name, service in SERVICES.items():
        for secret in service.get("secrets", ()):
            users.setdefault(secret, set()).add(name)
    assert users.keys() == secrets.keys()
    assert users["WAYBILL_MONGODB"] == {"airflow-scheduler"}
    assert users["WAYBILL_PII_SALT"] == {"airflow-scheduler", "waybill"}
    assert "airflow-api-server" not in users["WAREHOUSE_URL"]
    assert users["postgres_password"] == {"postgres"}


@pytest.mark.parametrize("name", OURS)
def test_what_a_service_writes_to_is_what_the_image_declares(name: str) -> None:
    """Protects a read-only container from a folder that nobody may write to."""
    declared = {rest for name, rest in deployed.instructions() if name == "VOLUME"}
    (volumes,) = map(json.loads, declared)
    assert deployed.written_by(OURS[name]) - {"/var/lib/waybill/airflow"} == set(volumes)


def test_the_image_is_pinned_and_runs_as_nobody_in_particular() -> None:
    """Protects from another base, an installer that takes what it gets, and a process that is root."""
    lines = deployed.instructions()
    bases = [rest.split()[0] for name, rest in lines if name == "FROM"]
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+@sha256:[0-9a-f]{64}", bases[0])
    assert set(bases[1:]) == {"python"}
    last = lines[max(at for at, (name, _) in enumerate(lines) if name == "FROM") :]
    assert [rest for name, rest in last if name == "USER"] == ["10001:10001"]
    assert not any(name == "ADD" for name, _ in lines)
    assert not any("--chown" in rest for name, rest in last if name == "COPY")
    (check,) = [rest for name, rest in lines if name == "HEALTHCHECK"]
    assert "warehouse:status" in check
    assert "status" in UTILITIES["warehouse"]["commands"]
    done = "\n".join(rest for name, rest in lines if name == "RUN")
    by_make = re.findall(r"make (\.\S+(?: \.\S+)*)", done)
    assert by_make == [".venv/.run", ".meltano/.installed .meltano/.airflow"]
    assert not re.search(r"\bpip3? install|uv pip", done)


def test_nothing_that_the_image_needs_is_left_out_of_it(tmp_path: Path) -> None:
    """Protects the build: dbt's own tests, for one, are in a folder `tests` too."""
    # Docker's patterns begin at the root, Git's only where they say so.
    patterns = (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    anchored = [each if each.startswith(("#", "**/")) else f"/{each}" for each in patterns]
    (tmp_path / "patterns").write_text("\n".join(anchored))
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--ignored", "-X", tmp_path / "patterns"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")
    kept_out = [Path(each) for each in listed if each]
    no_part = {".ci", ".github", "benchmarks", "tests"}
    assert kept_out
    strays = [
        str(each)
        for each in kept_out
        if each.parts[0] not in no_part
        and not (each.parts[0] == "plugins" and "tests" in each.parts)
        and each.parts[:2] not in {("deploy", "terraform"), ("deploy", "tests")}
    ]
    assert strays == []


def test_the_workflow_applies_nothing_that_nobody_has_agreed_to() -> None:
    """Protects accounts: a push or a pull request changes nothing there."""
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "deploy.yml").read_text("utf-8"))
    jobs: dict[str, dict[str, Any]] = workflow["jobs"]
    applying = {name for name, job in jobs.items() if "terraform apply" in json.dumps(job)}
    assert applying == {"apply"}
    assert jobs["apply"]["if"] == "github.event_name == 'workflow_dispatch'"
    assert jobs["apply"]["environment"] == "production"
    with_login = {name for name, job in jobs.items() if "id-token" in job.get("permissions", {})}
    assert with_login == {"plan", "apply"}
    used = re.findall(r"uses: (\S+)", (ROOT / ".github/workflows/deploy.yml").read_text("utf-8"))
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@v\d+", each) for each in used)
