"""Who may run what in a pod, judged without a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from team_k8s import messages, podexec
from team_k8s.gen.team_k8s.v1 import team_k8s_pb2
from teamplugin import execrule, standards
from teamplugin.identity import Identity
from waypaas_sdk.arguments import JobInfo, Source
from waypaas_sdk.call import Call
from waypaas_sdk.errors import PolicyError, StateError
from waypaas_sdk.execsession import ExecSession

if TYPE_CHECKING:
    from pathlib import Path

    from teamconfig.profile import Profile

PRODUCTION = Identity("shop", "web", "production", "production", "payments")


def job(workspace: str) -> JobInfo:
    """Make a job of the project shop."""
    return JobInfo(local=True, workspace=workspace, id="1", project="shop", app="web")


def execute(examples: Path, workspace: str, **deployment: Any) -> int:
    """Ask for a shell in a deployment of production; there is no cluster to open one in."""
    session = ExecSession.__new__(ExecSession)
    session.arguments, session.environment = ["sh"], []
    stored = team_k8s_pb2.Deployment(identity=messages.identity_to_proto(PRODUCTION), **deployment)
    source = Source("web", examples / "01-minimal")
    return podexec.execute(stored, session, Call(), job(workspace), source)


@pytest.mark.parametrize("workspace", ["default", "staging"])
def test_behaviour_19_a_job_of_another_workspace(examples: Path, workspace: str) -> None:
    """A deployment of production is not judged by the rules of another workspace, whatever the job says."""
    with pytest.raises(PolicyError, match="shop/web/production, and the job is about"):
        execute(examples, workspace)


def test_behaviour_19_what_was_protected_stays_so(tmp_path: Path, examples: Path) -> None:
    """What was deployed to a protected environment lets nobody in, though the standards of now would."""
    own = tmp_path / "app"
    own.mkdir(parents=True)
    (own / ".waypaas.toml").write_text('standards = "./mine"\n')
    (own / "mine" / "teams" / "payments").mkdir(parents=True)
    (own / "mine" / "org.yaml").write_text("org: {name: x, environments: [dev], workspaces: {production: dev}}\n")
    (own / "mine" / "teams" / "payments" / "team.yaml").write_text("team: {projects: [shop]}\n")
    stored = team_k8s_pb2.Deployment(identity=messages.identity_to_proto(PRODUCTION), protected=True)
    session = ExecSession.__new__(ExecSession)
    session.arguments, session.environment = ["sh"], []
    with pytest.raises(PolicyError, match="not permitted in production"):
        podexec.execute(stored, session, Call(), job("production"), Source("web", own))
    assert standards.resolve("kubernetes", own, "shop", "web", "production").profile.kubernetes.exec == "allow"
    assert examples.exists()


def profile(examples: Path, *commands: str) -> Profile:
    """Give a profile of dev in which only some commands may run."""
    found = standards.resolve("kubernetes", examples / "01-minimal", "shop", "web", "default").profile
    found.kubernetes.exec_commands = list(commands) or None
    return found


def test_the_environment_chooses_no_other_program(examples: Path) -> None:
    """Where only some programs may run, the session's PATH does not choose which file they are."""
    given = ["PATH=/tmp/evil", "TERM=xterm", "LD_PRELOAD=x.so"]
    assert execrule.permitted_environment(profile(examples, "ls"), "kubernetes", given) == ["TERM=xterm"]
    assert execrule.permitted_environment(profile(examples), "kubernetes", given) == given


def test_what_is_no_variable_is_no_program(examples: Path) -> None:
    """An entry of the environment without a value would be run as the program, and is refused."""
    with pytest.raises(StateError, match="no NAME=value"):
        execrule.permitted_environment(profile(examples), "kubernetes", ["sh"])
