"""Google Cloud: what can be said without a login; there is no server that stands in for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deploy.tests.machine import Configuration


def test_the_configuration_is_valid_and_keeps_its_promises(gcp: Configuration) -> None:
    """Protects from attributes that the provider does not know, and from plans that promise less."""
    gcp.run("validate", "-no-color")
    said = gcp.run("test", "-no-color")
    assert "Success!" in said
    assert " 0 failed" in said
