"""Whose credentials reach a registry: the service's for ECR where there is one, in every other case the user's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import teamconfig
from team_ecr import lending
from team_ecr.standards import Resolved
from teamconfig import resolve
from teamconfig.stanza import Stanza
from waypaas_sdk.errors import PluginError

if TYPE_CHECKING:
    from pathlib import Path

ORG = "org:\n  name: acme\n  environments: [dev, staging]\n"
TEAM = "team:\n  projects: [shop]\n"


def resolved(directory: Path, registry: str, authority: str = "") -> Resolved:
    """Resolve the standards of an app whose images live somewhere."""
    (directory / "standards" / "teams" / "payments").mkdir(parents=True)
    (directory / "standards" / "org.yaml").write_text(f"{ORG}standards: {{registry: {registry}}}\n")
    (directory / "standards" / "teams" / "payments" / "team.yaml").write_text(TEAM)
    tree = teamconfig.load(directory, {"WAYPAAS_STANDARDS": str(directory / "standards")}, ("shop", "web", "dev"), [])
    profile = resolve.profile(tree, project="shop", app="web", workspace="dev", stanzas=[])
    return Resolved(profile, "", authority, Stanza("registry", {}, "app.web.build.use"), workspace="default")


@pytest.mark.parametrize(("registry", "authority", "told"), [
    ("{region: eu-west-1}", "", "limits are advisory"),
    ("{url: registry.example}", "", "limits are advisory"),
    ("{url: registry.example}", "service:7443", "with your own docker credentials"),
])  # fmt: skip
def test_the_user_s_own_credentials(tmp_path: Path, registry: str, authority: str, told: str) -> None:
    """Without a service, and at a registry that is not ECR, nothing is lent, and the output says whose are used."""
    found = resolved(tmp_path, registry, authority)
    assert lending.rights(found, "build") is None
    assert told in found.limits


def test_ecr_with_a_service_has_no_other_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is not signed in at the service is refused: nobody's own credentials are used instead."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("WAYPAAS_KEYRING", "off")
    found = resolved(tmp_path, "{region: eu-west-1}", "localhost:1")
    assert "whose credentials reach ECR" in found.limits
    with pytest.raises(PluginError):
        lending.rights(found, "build").credentials()  # type: ignore[union-attr]  # there is a service
    assert (found.identity.workspace, found.identity.environment) == ("default", "dev")
