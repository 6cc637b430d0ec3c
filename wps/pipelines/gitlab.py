"""The pipeline for GitLab CI."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wps.pipelines.flow import Flow

PATH = ".gitlab-ci.yml"

_HEAD = """\
# Written by `wps ci init --provider gitlab`; yours to change.
# A branch builds; {trunk} goes to {first}; {main} goes on; the last environment is started by hand.
# No secret is stored: a job proves what it is by its token (id_tokens).
stages: [{stages}]

default:
  image: "{image}"
  interruptible: false

variables:
  GIT_DEPTH: "0"
"""


_SCHEDULED = '$CI_PIPELINE_SOURCE == "schedule"'
_BRANCH = "CI_COMMIT_REF_NAME"
_PREVIEW = "preview/$CI_COMMIT_REF_SLUG"


def text(flow: Flow) -> str:
    """Write the pipeline.

    Args:
        flow: Of the app.

    Returns:
        The content of `PATH`.
    """
    names = ", ".join(
        ["check", *(["preview"] if flow.has_previews else []), *(stage.environment for stage in flow.stages)]
    )
    made = _HEAD.format(
        trunk=flow.trunk, main=flow.main, first=flow.stages[0].environment, stages=names, image=flow.image
    )
    branches = " && ".join(f'$CI_COMMIT_BRANCH != "{name}"' for name in dict.fromkeys((flow.trunk, flow.main)))
    pushed = f" && {_SCHEDULED.replace('==', '!=')}" if flow.has_previews else ""
    is_branch = f"$CI_COMMIT_BRANCH && {branches}{pushed}"
    made += _job(flow, "check", "check", is_branch, flow.check)
    if flow.has_previews:
        made += _previews(flow, is_branch)
    for stage in flow.stages:
        name = stage.environment
        more = [f"  environment: {name}", f"  resource_group: waypaas-{name}"]
        condition = f'$CI_COMMIT_BRANCH == "{stage.branch}"{pushed}'
        made += _job(flow, f"to-{name}", name, condition, flow.promote(stage), more, is_manual=stage.is_manual)
    return made


def _previews(flow: Flow, is_branch: str) -> str:
    """Write the jobs of previews: GitLab starts the one that ends it when the branch or merge request is gone."""
    alone = "  resource_group: waypaas-preview-$CI_COMMIT_REF_SLUG"
    begin = [f"  environment: {{name: {_PREVIEW}, on_stop: preview-end}}", alone]
    end = [f"  environment: {{name: {_PREVIEW}, action: stop}}", alone, "  allow_failure: true"]
    made = _job(flow, "preview-branch", "preview", is_branch, flow.preview(_BRANCH), begin)
    made += _job(flow, "preview-end", "preview", is_branch, flow.end_preview(_BRANCH), end, is_manual=True)
    return made + _job(flow, "preview-sweep", "preview", _SCHEDULED, flow.sweep(gone=True))


def _job(
    flow: Flow, name: str, stage: str, condition: str, commands: Sequence[str], more: Sequence[str] = (), *,
    is_manual: bool = False,
) -> str:  # fmt: skip
    lines = [f"{name}:", f"  stage: {stage}", *more]
    if flow.service:
        lines += ["  id_tokens:", f'    WAYPAAS_ID_TOKEN: {{aud: "{flow.audience}"}}']
    lines += ["  rules:", f"    - if: '{condition}'"]
    if is_manual:
        lines.append("      when: manual")
    lines.append("  script:")
    lines += [f"    - {json.dumps(command)}" for command in (*flow.sign_in, *commands)]
    return "\n" + "\n".join(lines) + "\n"
