"""Reads the generated pipelines as their CI systems do, as far as they go: which job runs when, and its commands.

Also the tool that checks them against the schemas that GitHub and GitLab publish.
"""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

CHECKER = "check-jsonschema==0.37.4"
"""Apache-2.0; comes with the published schemas of GitHub's workflows and of GitLab CI."""

SCHEMAS = {"github": "vendor.github-workflows", "gitlab": "vendor.gitlab-ci"}
_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "waypaas" / "testservers"


def checker() -> Path:
    """Give the program that knows the schemas; install it, once for all runs."""
    place = _CACHE / CHECKER.replace("==", "-")
    program = place / "bin" / "check-jsonschema"
    _CACHE.mkdir(parents=True, exist_ok=True)
    with (_CACHE / "check-jsonschema.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.exists():
            subprocess.run([sys.executable, "-m", "venv", place], check=True, timeout=120)
            install = [place / "bin" / "pip", "install", "-q", "--disable-pip-version-check", CHECKER]
            subprocess.run(install, check=True, timeout=180)
    return program


def check(provider: str, path: Path) -> str:
    """Check a pipeline against its schema; give what is wrong, empty if nothing is."""
    command = [checker(), "--builtin-schema", SCHEMAS[provider], path]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=100)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def github(text: str, branch: str, event: str, kind: str = "branch") -> dict[str, list[str]]:
    """Give the commands of each job that GitHub would run; `kind` is "tag" where a tag of the name is pushed."""
    found = {}
    for name, job in yaml.safe_load(text)["jobs"].items():
        condition = job["if"].replace("github.event_name", repr(event)).replace("github.event.ref_type", "'branch'")
        condition = condition.replace("github.ref_type", repr(kind))
        condition = condition.replace("github.ref", f"'refs/{'tags' if kind == 'tag' else 'heads'}/{branch}'")
        if all(_holds(part) for part in condition.split(" && ")):
            runs = [step["run"] for step in job["steps"] if "run" in step]
            found[name] = [line for run in runs for line in run.strip().splitlines()]
    return found


def gitlab(text: str, branch: str, event: str) -> dict[str, list[str]]:
    """Give the commands of each job that GitLab would run; a manual one is run by the event "workflow_dispatch".

    One that stops an environment is run by the event "delete", as GitLab does when the branch is gone.
    """
    found = {}
    content: dict[str, Any] = yaml.safe_load(text)
    for name, job in content.items():
        if not isinstance(job, dict) or "script" not in job:
            continue
        (rule,) = job["rules"]
        source = "schedule" if event == "schedule" else "push"
        told = rule["if"].replace("$CI_COMMIT_BRANCH", f"'{branch}'").replace("$CI_PIPELINE_SOURCE", f"'{source}'")
        place = job.get("environment")
        stops = isinstance(place, dict) and place.get("action") == "stop"
        by = "delete" if stops else "workflow_dispatch" if rule.get("when") == "manual" else source
        if all(_holds(part) for part in told.replace('"', "'").split(" && ")) and by == event:
            found[name.removeprefix("to-")] = job["script"]
    return found


def jenkins(text: str, branch: str, event: str) -> dict[str, list[str]]:
    """Give the commands of each stage that Jenkins would run; one with an input by the event "workflow_dispatch".

    A branch that is deleted starts nothing. A timer starts whatever does not shut it out.
    """
    found = {}
    for name, body in re.findall(r"    stage\('([^']+)'\) \{\n(.*?)\n    \}\n", text, re.DOTALL):
        branches = re.findall(r"branch '([^']+)'", body)
        runs = (branch not in branches) if "not { anyOf" in body else branch in branches
        timer = re.search(r"(not \{ )?triggeredBy 'TimerTrigger'", body)
        if event == "schedule":
            starts = timer is None or not timer[1]
        else:
            starts = ("input {" in body) == (event == "workflow_dispatch") and (timer is None or bool(timer[1]))
        if runs and starts and event != "delete":
            found[name] = re.findall(r"sh '([^']+)'", body)
    return found


def _holds(part: str) -> bool:
    """Tell whether a comparison of two texts holds; a text alone does if it is not empty."""
    left, sign, right = (word.strip() for word in (part.partition("==") if "==" in part else part.partition("!=")))
    if not sign:
        return left.strip("'") != ""
    return (left == right) == (sign == "==")
