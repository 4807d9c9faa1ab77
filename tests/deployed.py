"""What deploy/ says: services, the image, the clouds."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
CLOUDS = ("aws", "gcp")

COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: each for name, each in SERVICES.items() if "build" in each}
OTHERS = {name: each for name, each in SERVICES.items() if "build" not in each}


def command(service: dict[str, Any]) -> list[str]:
    """What a service of ours has Meltano do, without what only says how."""
    program, *arguments = service["command"]
    assert program == "meltano"
    assert arguments[0] == "--environment=prod"
    return [each for each in arguments[1:] if each != "--no-install"]


def written_by(service: dict[str, Any]) -> set[str]:
    """The folders of a service that are not read-only."""
    mounts = [*service.get("tmpfs", ()), *service.get("volumes", ())]
    found = set()
    for mount in mounts:
        if mount.startswith("/"):
            found.add(mount.split(":")[0])
        elif not mount.endswith(":ro"):
            found.add(mount.split(":")[1])
    return found


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions in order: name, and what follows it."""
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [
        (name, rest.strip())
        for name, _, rest in (line.partition(" ") for line in joined.splitlines() if line)
    ]


def terraform(cloud: str) -> str:
    """All of a cloud's configuration."""
    files = sorted((DEPLOY / "terraform" / cloud).glob("*.tf"))
    return "\n".join(path.read_text(encoding="utf-8") for path in files)
