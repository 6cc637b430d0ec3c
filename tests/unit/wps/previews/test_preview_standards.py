"""What the standards say of previews: where they run, how long, and under which name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from teamconfig import reading, resolve
from teamconfig.errors import StandardsError
from wps.previews import known, steps
from wps.selection import Choice

if TYPE_CHECKING:
    from pathlib import Path

    from teamconfig.tree import Tree

ENVIRONMENTS = "environments: [dev, staging, production]"
TEAM = b"team: {owner: '#a', projects: [shop]}\n"
FILE = """\
project = "shop"

app "web" {{
  build {{
    use "team-ecr" {{}}
  }}
  deploy {{
    use "team-k8s" {{{0}}}
  }}
}}
"""


def tree(org: str = "", standards: str = "{}") -> Tree:
    """Read standards."""
    text = f"org:\n  name: acme\n  contact: '#platform'\n  {org or ENVIRONMENTS}\nstandards: {standards}\n"
    return reading.tree({"org.yaml": text.encode(), "teams/a/team.yaml": TEAM}, revision="r", origin="o")


def test_a_preview_stands_for_the_first_environment() -> None:
    """Without a word in org.workspaces previews follow the first environment; with one, that."""
    assert tree().environment_of("preview-x") == "dev"
    mapped = tree(ENVIRONMENTS + '\n  workspaces: {"preview-*": staging, preview-y: dev}')
    assert [mapped.environment_of(name) for name in ("preview-x", "preview-y")] == ["staging", "dev"]
    assert tree("environments: [preview-a, prod]").environment_of("preview-a") == "preview-a"


@pytest.mark.parametrize(
    "org",
    [
        f'{ENVIRONMENTS}\n  workspaces: {{"preview-*": production}}',
        f"{ENVIRONMENTS}\n  workspaces: {{preview-x: production}}",
        f"{ENVIRONMENTS}\n  protected: [dev]",
        "environments: [production]",
    ],
)
def test_a_preview_never_runs_in_a_protected_environment(org: str) -> None:
    """Whoever maps previews to a protected environment, or has no other, has none."""
    with pytest.raises(StandardsError, match="is a preview, and would stand for") as caught:
        tree(org).environment_of("preview-x")
    assert caught.value.kind == "policy"


def test_standards_have_defaults_rules_and_provenance() -> None:
    """Previews are off by default; what is set is known by its line, and bounded by rules like all else."""
    plain = resolve.profile(tree(), project="shop", app="web", workspace="preview-x")
    preview = plain.standards.preview
    assert (preview.enabled, preview.ttl, preview.quota) == (False, "72h", 5)
    rule = "\nrules: {preview.quota: {max: 9, reason: cost, owner: platform}}"
    made = tree(standards="{preview: {enabled: true, quota: 9}}" + rule)
    profile = resolve.profile(made, project="shop", app="web", workspace="preview-x")
    assert profile.environment == "dev"
    assert profile.provenance["preview.quota"].winner.where == "org.yaml:5"
    with pytest.raises(StandardsError, match=r"preview\.quota"):
        resolve.profile(tree(standards="{preview: {quota: 10}}" + rule), project="shop", app="web")
    for wrong in ("{preview: {quota: 0}}", "{preview: {ttl: soon}}", "{preview: {tll: 1h}}"):
        with pytest.raises(StandardsError):
            tree(standards=wrong)


def project(
    place: Path, monkeypatch: pytest.MonkeyPatch, options: str = "", org: str = "", **dev: Any
) -> known.Project:  # fmt: skip
    """Write standards and a waypoint.hcl, and find the project."""
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(place / name))
    for name in ("WAYPAAS_STANDARDS", "WAYPAAS_SERVICE", "WAYPOINT_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)
    environment = json.dumps({"standards": {"preview": {"enabled": True}} | dev})
    text = f"org: {{name: acme, contact: '#p', {ENVIRONMENTS}{org}}}\n"
    files = {"org.yaml": text, "teams/a/team.yaml": TEAM.decode(), "environments/dev.yaml": environment}
    for name, content in files.items():
        path = place / "standards" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (place / ".waypaas.toml").write_text(f'standards = "{place / "standards"}"\n')
    (place / "waypoint.hcl").write_text(FILE.format(options))
    return known.find(Choice(file=place / "waypoint.hcl"))


def test_a_preview_does_not_take_its_environments_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same name in DNS as the environment's is refused; none, or one with the workspace in it, is taken."""
    host = {"host": "{app}.{environment}.acme.test"}
    with pytest.raises(StandardsError, match="cannot have a preview of x") as caught:
        steps.wanted(project(tmp_path, monkeypatch, network=host), "x", None)
    assert "web.dev.acme.test" in caught.value.problems[0].why
    own = 'network { host = "${workspace.name}.acme.test" }'
    asked = steps.wanted(project(tmp_path, monkeypatch, own, network=host), "x", None)
    assert (asked.workspace, asked.lifetime_seconds, asked.quota) == ("preview-x", 72 * 3600, 5)
    taken = {"host": "{app}{preview}.acme.test"}
    production = tmp_path / "standards/environments/production.yaml"
    production.write_text("standards: {network: {host: '{app}-live.acme.test'}}\n")
    with pytest.raises(StandardsError) as caught:
        steps.wanted(project(tmp_path, monkeypatch, network=taken), "live", None)
    assert "take the traffic of production" in caught.value.problems[0].why
    marked = {"host": "{app}{preview}.{environment}.acme.test"}
    assert steps.wanted(project(tmp_path, monkeypatch, network=marked), "x", None).workspace == "preview-x"
    assert steps.wanted(project(tmp_path, monkeypatch), "x", "90m").lifetime_seconds == 5400
    fixed = 'network { host = "${var.name}.acme.test" }'
    with pytest.raises(StandardsError):
        steps.wanted(project(tmp_path, monkeypatch, fixed, network=host), "x", None)


def test_who_asks_in_a_protected_environment_is_told_where_to_mend_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where previews are mapped to production, the refusal names the rule and the line of the standards to change."""
    there = project(tmp_path, monkeypatch, org=', workspaces: {"preview-*": production}')
    with pytest.raises(StandardsError, match="would stand for production") as caught:
        steps.wanted(there, "x", None)
    (problem,) = caught.value.problems
    assert (problem.kind, problem.where) == ("policy", "org.yaml: org.workspaces")
    assert 'map "preview-*" to another environment' in problem.fix


def test_an_environment_that_is_called_like_a_preview_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No branch gets the workspace of an environment, and none is ended as a preview."""
    there = project(tmp_path, monkeypatch)
    there.stages.environments = ("dev", "preview-x", "production")
    with pytest.raises(StandardsError, match="branch x cannot have a preview"):
        steps.wanted(there, "x", None)
    with pytest.raises(StandardsError, match="preview-x is no preview"):
        steps.end(there, "preview-x")
