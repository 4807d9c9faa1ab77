"""What a machine has for these tests: tools, and Terraform's providers."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest
from deployed import DEPLOY

_MIRRORS = (
    "~/.terraform.d/plugins",
    "/usr/local/share/terraform/plugins",
    "/usr/share/terraform/plugins",
    "/opt/tf-plugins",
)
"""Where machines without a way to the registry keep providers."""
_REGISTRY = "registry.terraform.io"
_OVERRIDE = """
terraform {
  backend "local" {}
}
"""


def lacks(what: str) -> NoReturn:
    """Skip for want of a tool, or fail where DEMAND_TOOLS says that it has to be there."""
    if os.environ.get("DEMAND_TOOLS"):
        pytest.fail(f"{what}, and DEMAND_TOOLS is set")
    pytest.skip(what)


@dataclass(frozen=True)
class Configuration:
    """A copy of one cloud's configuration, with its state in a file beside it."""

    folder: Path
    environment: dict[str, str]

    def run(self, *arguments: str, code: int = 0, **settings: str) -> str:
        """Run Terraform; returns what it printed."""
        done = subprocess.run(
            ["terraform", *arguments],
            cwd=self.folder,
            env=self.environment | settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout[-6000:]
        return done.stdout


def initialized(cloud: str, folder: Path) -> Configuration:
    """A cloud's configuration in a folder, after `terraform init`."""
    if shutil.which("terraform") is None:
        lacks("there is no terraform on this machine")
    source = DEPLOY / "terraform" / cloud
    for pattern in ("*.tf", "tests/*", ".terraform.lock.hcl"):
        for path in source.glob(pattern):
            target = folder / path.relative_to(source)
            target.parent.mkdir(exist_ok=True)
            shutil.copy(path, target)
    (folder / "backend_override.tf").write_text(_OVERRIDE)
    made = Configuration(folder, _environment(folder))
    started = subprocess.run(
        ["terraform", "init", "-input=false", "-no-color"],
        cwd=folder,
        env=made.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if started.returncode:
        reason = " ".join(started.stderr.split())
        lacks(f"terraform init of {cloud}: the provider cannot be had here: {reason[:300]}")
    return made


def _environment(folder: Path) -> dict[str, str]:
    """Providers come from a mirror of this machine, or else from the registry."""
    direct, mirrors = [], []
    for each in map(Path, map(os.path.expanduser, _MIRRORS)):
        held = [
            f"{_REGISTRY}/{path.relative_to(each / _REGISTRY)}"
            for path in (each / _REGISTRY).glob("*/*")
        ]
        if held:
            direct += held
            mirrors.append(f'  filesystem_mirror {{\n    path = "{each}"\n  }}\n')
    names = ", ".join(f'"{each}"' for each in direct)
    installation = f"{''.join(mirrors)}  direct {{\n    exclude = [{names}]\n  }}\n"
    (folder / "cli.tfrc").write_text(f"provider_installation {{\n{installation}}}\n")
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TF_", "AWS_", "GOOGLE_"))
    }
    return inherited | {
        "TF_CLI_CONFIG_FILE": str(folder / "cli.tfrc"),
        "TF_IN_AUTOMATION": "1",
        "CHECKPOINT_DISABLE": "1",
    }
