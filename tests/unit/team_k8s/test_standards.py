"""Finding the standards of an app, and telling in the SDK's words why they cannot be had."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from teamconfig.errors import Problem, StandardsError
from teamconfig.model import Kubernetes
from teamplugin import standards
from teamplugin.identity import Identity
from waypaas_sdk.arguments import JobInfo
from waypaas_sdk.errors import MissingError, OptionError, PluginError, PolicyError, StateError

if TYPE_CHECKING:
    from pathlib import Path

WHERE = "app.web.deploy.use"


@pytest.mark.parametrize(
    ("kind", "error"),
    [("option", OptionError), ("policy", PolicyError), ("missing", MissingError), ("state", StateError)],
)
def test_every_kind_has_its_error(kind: str, error: type[PluginError]) -> None:
    """Each kind of refusal becomes the SDK's error of that kind, with all of its four lines."""
    problem = Problem("memory = 4Gi is too much", "the maximum is 1Gi", "write 1Gi", "here:3", kind)  # type: ignore[arg-type]
    translated = standards.translated(StandardsError([problem]))
    assert type(translated) is error
    assert str(translated) == str(problem)


def test_all_problems_are_told() -> None:
    """Several problems are all in the one error, and a mistake in waypoint.hcl decides its kind."""
    problems = [
        Problem("a is forbidden", "rule", "ask", "org.yaml:1", "policy"),
        Problem("b is no number", "it must be", "write 1", "app.web.deploy.use.b", "option"),
    ]
    translated = standards.translated(StandardsError(problems))
    assert isinstance(translated, OptionError)
    for problem in problems:
        assert str(problem) in str(translated)


@pytest.mark.parametrize(
    ("workspace", "environment"), [("default", "dev"), ("pr-17", "dev"), ("production", "production")]
)
def test_identity(examples: Path, workspace: str, environment: str) -> None:
    """The identity says team and environment by the standards, and the rest as Waypoint does."""
    found = standards.resolve("kubernetes", examples / "01-minimal", "shop", "web", workspace).identity
    assert found == Identity("shop", "web", workspace, environment, "payments")


def test_behaviour_06_options_win(examples: Path) -> None:
    """An option of waypoint.hcl wins over the standards, and an unset one leaves them as they are."""
    resolved = standards.resolve(
        "kubernetes", examples / "01-minimal", "shop", "web", "default", Kubernetes(memory="512Mi", ports=[]), WHERE
    )
    assert resolved.profile.kubernetes.memory == "512Mi"
    assert resolved.profile.kubernetes.port == 8080


def test_a_limit_of_the_team_holds(examples: Path) -> None:
    """More than the team permits is refused with the rule, its owner, and the place in waypoint.hcl."""
    with pytest.raises(PolicyError) as caught:
        standards.resolve(
            "kubernetes", examples / "01-minimal", "shop", "web", "default", Kubernetes(memory="2Gi"), WHERE
        )
    for said in ("2Gi", "1Gi", "#payments", f"at {WHERE}.memory"):
        assert said in str(caught.value)


def test_an_option_that_is_no_amount(examples: Path) -> None:
    """What is no amount of memory is the developer's to mend, and the error shows how to write it."""
    with pytest.raises(OptionError) as caught:
        standards.resolve(
            "kubernetes", examples / "01-minimal", "shop", "web", "default", Kubernetes(memory="512MB"), WHERE
        )
    assert 'write memory = "512Mi"' in str(caught.value)


def test_an_unknown_project(examples: Path) -> None:
    """A project that no team has is missing, by its name."""
    with pytest.raises(MissingError, match="warehouse"):
        standards.resolve("kubernetes", examples / "01-minimal", "warehouse", "web", "default")


def test_behaviour_06_no_standards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An app without standards anywhere gets an error that says so, not defaults that nobody set."""
    for name in ("HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    with pytest.raises(MissingError) as caught:
        standards.resolve("kubernetes", tmp_path, "shop", "web", "default")
    assert caught.value.__cause__ is not None


def test_broken_standards(tmp_path: Path) -> None:
    """Standards that cannot be read are a state that their owner has to mend, told with file and line."""
    (tmp_path / "standards").mkdir()
    (tmp_path / ".waypaas.toml").write_text('standards = "standards"\n')
    (tmp_path / "standards" / "org.yaml").write_text("org: {name: acme\nstandards: 1\n")
    with pytest.raises(StateError, match=r"org\.yaml"):
        standards.resolve("kubernetes", tmp_path, "shop", "web", "default")


@pytest.mark.parametrize("stage", ["deploy", "release"])
def test_a_job_names_its_stanza(examples: Path, stage: str) -> None:
    """A refusal in a running job points at the stanza of its own stage."""
    job = JobInfo(local=True, workspace="default", id="01HJOB", project="shop", app="web")
    with pytest.raises(PolicyError, match=rf"at app\.web\.{stage}\.use\.memory"):
        standards.of_job("kubernetes", job, examples / "01-minimal", Kubernetes(memory="2Gi"), stage)
