"""How a rollout goes, judged by what AWS says. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

FINAL = {
    "CannotPullContainerError": (
        "the image cannot be pulled",
        "check that the image was pushed, and that the execution role and the subnets' way out reach its registry",
    ),
    "CannotPullImageManifestError": ("the image cannot be pulled", "check that the image was pushed"),
    "ResourceInitializationError": (
        "the task cannot be set up: a secret, a log group or the network is missing",
        "make what the message names, and let the execution role read it",
    ),
    "CannotStartContainerError": (
        "the container cannot be started",
        "check that the image's command exists, and that it is built for the task's architecture",
    ),
    "CannotCreateContainerError": ("the container cannot be created", "mend what the message says"),
    "InvalidParameterException": ("the task definition is not valid there", "mend what the message says"),
}
"""Reasons by which no task will ever start: what they mean, and what to do."""

EXITED = ("the app ended", "mend what the log says, then deploy again: an app has to go on running")
UNHEALTHY = (
    "the load balancer found the app unwell",
    "see that the app answers its health check (ecs.health_check), and within its grace",
)
NO_ROOM = ("there is no room for the tasks", "ask for less, use another launch_type, or have the cluster enlarged")

CERTAIN_STOPS = 2
"""An app that ends once may have waited for something; one that ends twice does not start."""

PULL_OR_SETUP = re.compile(r"\b(" + "|".join(FINAL) + r")\b")
GOOD_STATES = frozenset({"healthy"})
PASSING_STATES = frozenset({"draining"})


@dataclass(frozen=True)
class Failure:
    """Why a rollout cannot succeed.

    Args:
        what: In a few words.
        why: AWS's own words, with exit codes.
        fix: What the reader can do.
        task: ARN of the task whose log tells more, or empty.
        container: Of that task.
    """

    what: str
    why: str
    fix: str
    task: str = ""
    container: str = ""


@dataclass(frozen=True)
class Progress:
    """How far a rollout is.

    Args:
        wanted: Tasks that shall run.
        running: Tasks that do.
        healthy: Of their targets, those that the load balancer found well; `wanted` without one.
        steady: ECS says so.
    """

    wanted: int
    running: int
    healthy: int
    steady: bool

    @property
    def done(self) -> bool:
        """Whether all tasks run and are well."""
        return self.steady and self.running >= self.wanted and self.healthy >= self.wanted

    @property
    def text(self) -> str:
        """What is awaited, for people."""
        if self.running < self.wanted:
            return f"{self.running} of {self.wanted} tasks run"
        if self.healthy < self.wanted:
            return f"all {self.wanted} tasks run, {self.healthy} are healthy behind the load balancer"
        return f"all {self.wanted} tasks run and are healthy" + ("" if self.steady else ", waiting for steady state")


def progress(service: Mapping[str, Any], targets: Sequence[Mapping[str, Any]] | None) -> Progress:
    """Judge how far a rollout is.

    Args:
        service: As AWS tells it.
        targets: Of its target group; None without one.

    Returns:
        The progress.
    """
    wanted = int(service.get("desiredCount", 0))
    deployments = service.get("deployments") or ()
    primary: Mapping[str, Any] = next((each for each in deployments if each.get("status") == "PRIMARY"), {})
    steady = primary.get("rolloutState", "COMPLETED") == "COMPLETED" and len(deployments) <= 1
    healthy = wanted if targets is None else states(targets).get("healthy", 0)
    return Progress(wanted, int(service.get("runningCount", 0)), healthy, steady)


def states(targets: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Count targets by their state."""
    counted: dict[str, int] = {}
    for target in targets:
        state = str(target.get("TargetHealth", {}).get("State", "unknown"))
        counted[state] = counted.get(state, 0) + 1
    return counted


def unwell(targets: Iterable[Mapping[str, Any]]) -> list[str]:
    """Describe the targets that are not well, those that are leaving aside."""
    found = []
    for target in targets:
        about = target.get("TargetHealth", {})
        state = str(about.get("State", "unknown"))
        if state not in GOOD_STATES | PASSING_STATES:
            words = about.get("Description") or about.get("Reason") or ""
            found.append(f"{target.get('Target', {}).get('Id', '?')} is {state}" + (f": {words}" if words else ""))
    return found


def failure(service: Mapping[str, Any], stopped: Sequence[Mapping[str, Any]]) -> Failure | None:
    """Find the reason for which a rollout cannot succeed.

    Args:
        service: As AWS tells it.
        stopped: Its tasks that have stopped.

    Returns:
        The first certain failure, or None as long as there is hope.
    """
    for task in stopped:
        found = _never_starts(task)
        if found is not None:
            return found
    ended = [task for task in stopped if task.get("stopCode") in {"EssentialContainerExited", "TaskFailedToStart"}]
    if len(ended) >= CERTAIN_STOPS:
        return _exited(ended[0])
    sick = [task for task in stopped if "health check" in str(task.get("stoppedReason", ""))]
    if len(sick) >= CERTAIN_STOPS:
        return Failure(UNHEALTHY[0], str(sick[0].get("stoppedReason")), UNHEALTHY[1], *_culprit(sick[0]))
    for event in service.get("events") or ():
        text = str(event.get("message", ""))
        if "unable to place a task" in text:
            return Failure(NO_ROOM[0], text, NO_ROOM[1])
    for deployment in service.get("deployments") or ():
        if deployment.get("rolloutState") == "FAILED":
            why = str(deployment.get("rolloutStateReason", ""))
            last = stopped[0] if stopped else {}
            told = _exited(last) if last else Failure("", "", "")
            return Failure(
                "ECS gave the deployment up", f"{why} {told.why}".strip(), EXITED[1], told.task, told.container
            )
    return None


def _never_starts(task: Mapping[str, Any]) -> Failure | None:
    texts = [str(task.get("stoppedReason", ""))]
    texts += [str(container.get("reason", "")) for container in task.get("containers", ())]
    for text in texts:
        match = PULL_OR_SETUP.search(text)
        if match:
            what, fix = FINAL[match[1]]
            return Failure(what, text, fix)
    return None


def _exited(task: Mapping[str, Any]) -> Failure:
    arn, name = _culprit(task)
    codes = [f"container {each['name']} ended with exit code {each['exitCode']}" + _reason(each)
             for each in task.get("containers", ()) if each.get("exitCode") is not None]  # fmt: skip
    why = "; ".join([str(task.get("stoppedReason", "")), *codes])
    return Failure(EXITED[0], why, EXITED[1], arn, name)


def _reason(container: Mapping[str, Any]) -> str:
    return f" ({container['reason']})" if container.get("reason") else ""


def _culprit(task: Mapping[str, Any]) -> tuple[str, str]:
    """Name the container whose log tells most: one that failed, else the first."""
    containers = list(task.get("containers", ()))
    failed = [each for each in containers if each.get("exitCode")]
    chosen: Mapping[str, Any] = next(iter(failed or containers), {})
    return str(task.get("taskArn", "")), str(chosen.get("name", ""))
