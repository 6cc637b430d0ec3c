"""The pipeline for GitLab CI."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wps.pipelines.flow import Flow, Stage

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


def text(flow: Flow) -> str:
    """Write the pipeline.

    Args:
        flow: Of the app.

    Returns:
        The content of `PATH`.
    """
    names = ", ".join(["check", *(stage.environment for stage in flow.stages)])
    made = _HEAD.format(
        trunk=flow.trunk, main=flow.main, first=flow.stages[0].environment, stages=names, image=flow.image
    )
    branches = " && ".join(f'$CI_COMMIT_BRANCH != "{name}"' for name in dict.fromkeys((flow.trunk, flow.main)))
    made += _job(flow, "check", f"$CI_COMMIT_BRANCH && {branches}", flow.check)
    for stage in flow.stages:
        made += _job(flow, stage.environment, f'$CI_COMMIT_BRANCH == "{stage.branch}"', flow.promote(stage), stage)
    return made


def _job(flow: Flow, name: str, condition: str, commands: Sequence[str], stage: Stage | None = None) -> str:
    lines = [f"{'check' if stage is None else f'to-{name}'}:", f"  stage: {name}"]
    if stage is not None:
        lines += [f"  environment: {name}", f"  resource_group: waypaas-{name}"]
    if flow.service:
        lines += ["  id_tokens:", f'    WAYPAAS_ID_TOKEN: {{aud: "{flow.audience}"}}']
    lines += ["  rules:", f"    - if: '{condition}'"]
    if stage is not None and stage.is_manual:
        lines.append("      when: manual")
    lines.append("  script:")
    lines += [f'    - "{command}"' for command in (*flow.sign_in, *commands)]
    return "\n" + "\n".join(lines) + "\n"
