"""What the proxy before moto answers itself: tasks and targets that take their time, and pages. Pure but for counts."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode

LISTS = {
    "ecs:ListServices": "serviceArns",
    "ecs:ListTasks": "taskArns",
    "ecs:ListTaskDefinitions": "taskDefinitionArns",
}
PAGED = {"elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeTargetGroups"}
TASK_KILLED = {"name": "task", "exitCode": 137}
NAMESPACE = "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"


@dataclass
class Script:
    """How the tasks of a service fare; of the name "task", how those that RunTask starts do.

    Args:
        pending_looks: DescribeServices that find them pending; -1 for ever.
        initial_looks: DescribeTargetHealth that find the targets not yet checked; -1 for ever.
        state: Of the targets afterwards; "" for none at all.
        running: Of them run at last; None for all.
        stopped: Tasks that have stopped, as DescribeTasks tells them, without ARN.
        events: Of the service.
        rollout: Its state, instead of the one that follows.
        agent: State of its tasks' agent of Session Manager.
    """

    pending_looks: int = 1
    initial_looks: int = 1
    state: str = "healthy"
    running: int | None = None
    stopped: list[dict[str, Any]] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    rollout: str = ""
    agent: str = "RUNNING"


class States:
    """What is seen of the tasks of each service."""

    def __init__(self) -> None:
        self.scripts: dict[str, Script] = {}
        self._running: dict[str, int] = {}
        self._looks: dict[tuple[str, str], int] = {}
        self._ran: set[str] = set()
        self._halted: set[str] = set()
        self._lock = threading.Lock()

    def script(self, name: str) -> Script:
        """Give the script of a service."""
        return self.scripts.get(name) or self.scripts.setdefault("", Script())

    def _looked(self, kind: str, name: str, looks: int) -> bool:
        """Count a look; tell whether it still finds the beginning."""
        with self._lock:
            seen = self._looks.get((kind, name), 0)
            self._looks[kind, name] = seen + 1
        return looks < 0 or seen < looks

    def answer(self, action: str, parameters: dict[str, Any], body: bytes) -> bytes:
        """Change moto's answer to one of AWS.

        Args:
            action: As "ecs:DescribeServices".
            parameters: Of the call.
            body: Moto's answer.

        Returns:
            The answer.
        """
        if action == "ecs:DescribeServices":
            return self._services(body)
        if action == "ecs:ListTasks" and parameters.get("serviceName"):
            return json.dumps({"taskArns": self._arns(parameters)}).encode()
        if action == "ecs:RunTask":
            self._ran.update(task["taskArn"] for task in json.loads(body).get("tasks", ()))
        if action == "ecs:StopTask":
            self._halted.add(parameters["task"])
        if action == "ecs:DescribeTasks":
            tasks = [self._run(arn) if arn in self._ran else self._task(arn) for arn in parameters["tasks"]]
            return json.dumps({"tasks": tasks, "failures": []}).encode()
        if action == "elasticloadbalancing:DescribeTargetHealth":
            return self._health(parameters["TargetGroupArn"][0].split("/")[1])
        return body

    def _services(self, body: bytes) -> bytes:
        answer = json.loads(body)
        for service in answer.get("services", ()):
            if service["status"] != "ACTIVE":
                continue
            name, script, wanted = service["serviceName"], self.script(service["serviceName"]), service["desiredCount"]
            pending = self._looked("service", name, script.pending_looks)
            running = 0 if pending else wanted if script.running is None else script.running
            self._running[name] = running
            service |= {"runningCount": running, "pendingCount": wanted - running}
            service["events"] = [{"id": str(n), "message": text} for n, text in enumerate(script.events)]
            state = script.rollout or ("COMPLETED" if running >= wanted else "IN_PROGRESS")
            counts = {"runningCount": running, "pendingCount": wanted - running, "rolloutState": state}
            service["deployments"] = [{**each, **counts} for each in service["deployments"]]
        return json.dumps(answer).encode()

    def _arns(self, parameters: dict[str, Any]) -> list[str]:
        name, cluster = parameters["serviceName"], parameters["cluster"]
        stopped = parameters.get("desiredStatus") == "STOPPED"
        count = len(self.script(name).stopped) if stopped else self._running.get(name, 0)
        kind = "stopped" if stopped else "running"
        return [f"arn:aws:ecs:eu-west-1:123456789012:task/{cluster}/{kind}-{n}-{name}" for n in range(count)]

    def _task(self, arn: str) -> dict[str, Any]:
        kind, number, name = arn.rpartition("/")[2].split("-", 2)
        told = self.script(name).stopped[int(number)] if kind == "stopped" else self._running_task(name)
        return {"taskArn": arn, "lastStatus": "STOPPED", **told}

    def _run(self, arn: str) -> dict[str, Any]:
        """Tell of a task that RunTask has started: pending, then running, then ended as the script says."""
        script = self.script("task")
        if arn in self._halted:
            return {"taskArn": arn, "lastStatus": "STOPPED", "stoppedReason": "stopped", "containers": [TASK_KILLED]}
        if self._looked("task", arn, script.pending_looks):
            return {"taskArn": arn, "lastStatus": "PENDING"}
        if self._looked("run", arn, script.initial_looks):
            return {"taskArn": arn, "lastStatus": "RUNNING"}
        return {"taskArn": arn, "lastStatus": "STOPPED", **(script.stopped[0] if script.stopped else {})}

    def _running_task(self, name: str) -> dict[str, Any]:
        agent = {"name": "ExecuteCommandAgent", "lastStatus": self.script(name).agent}
        return {"lastStatus": "RUNNING", "containers": [{"name": "web", "managedAgents": [agent]}]}

    def _health(self, name: str) -> bytes:
        script = self.script(name)
        state = "initial" if self._looked("target", name, script.initial_looks) else script.state
        count = self._running.get(name, 0) if state else 0
        members = "".join(
            f"<member><Target><Id>10.0.0.{n + 1}</Id><Port>3000</Port></Target>"
            f"<TargetHealth><State>{state}</State></TargetHealth></member>"
            for n in range(count)
        )
        return (
            f'<DescribeTargetHealthResponse xmlns="{NAMESPACE}"><DescribeTargetHealthResult><TargetHealthDescriptions>'
            f"{members}</TargetHealthDescriptions></DescribeTargetHealthResult></DescribeTargetHealthResponse>"
        ).encode()


def paged_request(action: str, body: bytes, size: int) -> bytes:
    """Let moto page, where it can."""
    if action not in PAGED:
        return body
    return urlencode({**parse_qs(body.decode()), "PageSize": [str(size)]}, doseq=True).encode()


def paged_answer(action: str, parameters: dict[str, Any], body: bytes, size: int) -> bytes:
    """Page where moto cannot."""
    if action not in LISTS:
        return body
    items = json.loads(body)[LISTS[action]]
    start = int(parameters.get("nextToken") or 0)
    size = min(size, int(parameters.get("maxResults") or size))
    if parameters.get("sort") == "DESC":
        items = items[::-1]
    answer = {LISTS[action]: items[start : start + size]}
    if start + size < len(items):
        answer["nextToken"] = str(start + size)
    return json.dumps(answer).encode()
