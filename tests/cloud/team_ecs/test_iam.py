"""`wps iam`: the policy of a deployer has every operation that the plugin calls, and no other."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ecsapp import waited

import team_ecs
from team_ecs import faults
from team_ecs.gen.team_ecs.v1.team_ecs_pb2 import Deployment
from teamconfig.credentials import operations
from teamconfig.credentials.operations import Bound, Purpose
from testservers.awsanswers import Script

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecsapp import App

OURS = {Purpose.DEPLOY, Purpose.RELEASE, Purpose.DESTROY, Purpose.STATUS, Purpose.LOGS, Purpose.EXEC, Purpose.TASK,
        Purpose.DNS}  # fmt: skip
ASKING = {"ask", "pages"}


def in_the_code() -> tuple[set[str], list[str]]:
    """Give the operations that stand in the plugin's code, and where one is called whose name does not stand there."""
    found, hidden = set(), []
    for path in Path(team_ecs.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or (path.name == "cloud.py" and _in_pages(node)):
                continue
            later = bool(node.args) and getattr(node.args[0], "attr", "") in ASKING  # partial(cloud.ask, "ecs", ...)
            if getattr(node.func, "attr", "") not in ASKING and not later:
                continue
            given = node.args[1:3] if later else node.args[:2]
            words = [each.value for each in given if isinstance(each, ast.Constant)]
            if len(words) == 2:
                found.add(faults.action(words[0], words[1]))
            else:
                hidden.append(f"{path.name}:{node.lineno}")
    return found, hidden


def _in_pages(node: ast.Call) -> bool:
    """Tell whether it is the call by which `Cloud.pages` asks for each page."""
    return any(isinstance(each, ast.Name) and each.id == "operation" for each in node.args)


def printed(app: App, role: str, environment: str = "dev") -> dict[str, Any]:
    """Give the policy that `wps iam` prints for the app."""
    (app.path / "waypoint.hcl").write_text(
        'project = "shop"\n\napp "web" {\n  deploy {\n    use "team-ecs" {}\n  }\n}\n'
    )
    command = [Path(sys.executable).parent / "wps", "iam", "--role", role, "--env", environment]
    done = subprocess.run(
        [*command, "--account", "123456789012"], cwd=app.path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    policy: dict[str, Any] = json.loads(done.stdout)
    return policy


def allowed(policy: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Give the statement that allows each action."""
    return {action: each for each in policy["Statement"] if each["Effect"] == "Allow" for action in each["Action"]}


def free() -> set[str]:
    """Give what needs no permission."""
    return set(operations.bound_by(Bound.FREE))


class Recorder:
    """Tells what one step of an app called.

    Args:
        app: The app.
    """

    def __init__(self, app: App) -> None:
        self._app, self._seen = app, 0

    def since(self) -> set[str]:
        """Give the actions since the last time."""
        actions = self._app.aws.proxy.actions()
        new, self._seen = set(actions[self._seen :]), len(actions)
        return new


def test_the_list_is_what_the_code_calls() -> None:
    """Every operation that the plugin's code asks for is listed, and nothing is listed that it does not ask for."""
    found, hidden = in_the_code()
    assert hidden == [], "an operation's name has to stand where it is called, else nobody can list it"
    assert found == operations.called(*OURS)


def live(app: App) -> Iterator[tuple[Purpose, set[str]]]:
    """Go through an app's life; give what each step called."""
    recorder = Recorder(app)
    app.use({"autoscale": {"max_count": 4}})
    first = app.deploy()
    yield Purpose.DEPLOY, recorder.since()
    stopped = {"stoppedReason": "Essential container in task exited", "stopCode": "EssentialContainerExited"}
    stopped["containers"] = [{"name": "web", "exitCode": 3}]  # type: ignore[assignment]  # as AWS has it
    app.aws.proxy.script("", Script(pending_looks=-1, stopped=[stopped, stopped]))
    assert "exit code 3" in app.refused(sequence=2)
    yield Purpose.DEPLOY, recorder.since()
    app.aws.proxy.script("", Script())
    second = app.deploy(sequence=3)
    yield Purpose.DEPLOY, recorder.since()
    released = [app.release(each) for each in (first, second)]
    yield Purpose.RELEASE, recorder.since()
    app.status(second)
    app.status(released[1])
    yield Purpose.STATUS, recorder.since()
    for each in (*released, first):
        app.destroy(each)
    app.destroy_workspace(Deployment.FromString(second.SerializeToString()))
    yield Purpose.DESTROY, recorder.since()
    assert app.left() == []


def test_what_arrives_at_aws_is_listed_for_its_purpose(app: App) -> None:
    """Through deploys that succeed and fail, releases, status and destroy, no call arrives that its purpose lacks."""
    policy = allowed(printed(app, "deployer"))
    for purpose, actions in live(app):
        unlisted = actions - operations.needed(purpose) - free()
        assert unlisted == set(), purpose
        assert actions - free() <= policy.keys()
    made = [call for call in app.aws.proxy.calls if call.action in operations.bound_by(Bound.MADE)]
    for call in made:
        (owner,) = policy[call.action]["Condition"]["StringEquals"].values()
        assert owner == "payments/dev"
        assert owner in json.dumps(call.parameters), f"{call.action} would be denied: it gives no owner"
    assert len({call.action for call in made}) == 5


def test_logs_are_read_by_what_is_listed(app: App) -> None:
    """Following logs calls nothing but what is listed for it, which a reader's policy has."""
    app.aws.client("logs").create_log_group(logGroupName="/ecs/payments/web")
    deployed = app.deploy()
    recorder = Recorder(app)
    recorder.since()
    following = app.host.begin("platform", "Logs", deployed, *app.job("default"))
    assert waited(lambda: app.aws.proxy.actions().count("logs:FilterLogEvents") > 1)
    following.cancel()
    actions = recorder.since() - free()
    assert actions == operations.called(Purpose.LOGS) - free()
    assert actions <= allowed(printed(app, "reader")).keys()


@pytest.mark.parametrize("role", ["deployer", "reader"])
def test_production_has_no_way_into_a_container(app: App, role: str) -> None:
    """In a protected environment each role's policy denies every shell, and a deployer to switch exec on."""
    policy = printed(app, role, "production")
    assert not {"ecs:ExecuteCommand", "ssm:StartSession", "ecs:RunTask"} & allowed(policy).keys()
    denied = [each for each in policy["Statement"] if each["Effect"] == "Deny"]
    assert denied[0]["Action"] == ["ecs:ExecuteCommand", "ssm:StartSession", "ecs:RunTask"]
    assert denied[1]["Condition"] == {"Bool": {"ecs:enable-execute-command": "true"}}


def test_rules_are_made_on_the_listener_of_the_standards(app: App) -> None:
    """A deployer makes rules on its own listener alone, and passes no role but those of the standards."""
    policy = allowed(printed(app, "deployer"))
    assert policy["elasticloadbalancing:CreateRule"]["Resource"] == [app.platform.listener_arn]
    assert policy["iam:PassRole"]["Resource"] == ["arn:aws:iam::123456789012:role/execution"]
