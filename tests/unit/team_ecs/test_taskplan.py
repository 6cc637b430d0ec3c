"""What a task of Waypoint's asks of AWS: equal to the golden file, and of the API's form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import botocore.session  # type: ignore[import-untyped]  # publishes no types
import pytest
import yaml
from botocore.validate import ParamValidator  # type: ignore[import-untyped]

from team_ecs import taskplan
from team_ecs.taskoptions import TaskOptions
from waypaas_sdk.arguments import TaskLaunchInfo
from waypaas_sdk.errors import OptionError

GOLDEN = Path(__file__).parent / "golden" / "task.yaml"
NAME = "waypoint-task-0a1b2c3d4e5f6071"
SECRET = f"arn:aws:secretsmanager:eu-west-1:111122223333:secret:{NAME}-AbCdEf"
TASK = TaskLaunchInfo("registry.test/runner:v1", {"WAYPOINT_SERVER_TOKEN": "hunter2"}, ["/waypoint"], ["runner"])


def options(**more: Any) -> TaskOptions:
    """Give the options of a runner profile."""
    given: dict[str, Any] = {
        "region": "eu-west-1",
        "cluster": "waypoint",
        "subnets": ["subnet-a"],
        "security_groups": ["sg-runner"],
        "execution_role": "execution",
        "task_role": "arn:aws:iam::999:role/runner",
        "launch_type": "FARGATE_SPOT",
        "architecture": "arm64",
        "tags": {"cost-center": "1234"},
    }
    return TaskOptions(**given | more)


def requests() -> dict[str, Any]:
    """Plan all requests of a task."""
    wanted = options()
    definition = taskplan.definition(NAME, TASK, wanted, "arn:aws:iam::111122223333:role/", SECRET)
    return {
        "secretsmanager CreateSecret": taskplan.secret(NAME, TASK, wanted),
        "ecs RegisterTaskDefinition": definition,
        "ecs RunTask": taskplan.run(NAME, wanted, "arn:definition"),
    }


def test_golden_requests() -> None:
    """What AWS is asked for is, to the letter, what was reviewed and is in the golden file."""
    assert yaml.safe_dump(requests(), sort_keys=False) == GOLDEN.read_text(encoding="utf-8")


def test_requests_have_the_form_of_the_api() -> None:
    """Each request passes the check of AWS's own description of the operation."""
    session = botocore.session.get_session()
    for name, request in requests().items():
        service, operation = name.split()
        shape = session.get_service_model(service).operation_model(operation).input_shape
        assert ParamValidator().validate(request, shape).generate_report() == "", name


def test_behaviour_13_no_value_of_the_environment_stands_elsewhere() -> None:
    """The task's environment is in the secret alone."""
    planned = requests()
    assert "hunter2" in str(planned.pop("secretsmanager CreateSecret"))
    assert "hunter2" not in str(planned)


@pytest.mark.parametrize(
    ("more", "environment", "text"),
    [
        ({"cluster": ""}, {}, "cluster is not set"),
        ({"cpu": "16", "memory": "1Ti"}, {}, "memory"),
        ({}, {"A B": "x"}, "names that ECS refuses: A B"),
    ],
)
def test_what_ecs_cannot_run(more: dict[str, Any], environment: dict[str, str], text: str) -> None:
    """A runner profile that ECS has no task for is refused with what is wrong."""
    taskplan.check(options(), TASK.environment)
    with pytest.raises(OptionError, match=text):
        taskplan.check(options(**more), environment)
