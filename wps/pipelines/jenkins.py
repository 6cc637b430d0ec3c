"""The pipeline for Jenkins: a declarative Jenkinsfile for a multibranch pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wps.pipelines.flow import Flow, Stage

PATH = "Jenkinsfile"

_HEAD = """\
// Written by `wps ci init --provider jenkins`; yours to change.
// A branch builds; {trunk} goes to {first}; {main} goes on; the last environment waits for somebody's word.
{token}pipeline {{
  agent {{ docker {{ image '{image}' }} }}
  options {{ disableConcurrentBuilds() }}
{environment}{triggers}  stages {{
"""
_PROOF = """\
// No secret is stored: the plugin "OpenID Connect Provider" makes a token for audience {audience}; its credential has
// the id waypaas-id-token.
"""
_ENVIRONMENT = """\
  environment { WAYPAAS_ID_PROOF = credentials('waypaas-id-token') }
"""


_TRIGGERS = """\
  triggers {{ cron(env.BRANCH_NAME == '{main}' ? 'H * * * *' : '') }}
"""
_PUSHED, _SCHEDULED = "; not { triggeredBy 'TimerTrigger' }", "; triggeredBy 'TimerTrigger'"


def text(flow: Flow) -> str:
    """Write the pipeline.

    Args:
        flow: Of the app.

    Returns:
        The content of `PATH`.
    """
    made = _HEAD.format(
        trunk=flow.trunk, main=flow.main, first=flow.stages[0].environment, image=flow.image,
        token=_PROOF.format(audience=flow.audience) if flow.service else "",
        environment=_ENVIRONMENT if flow.service else "",
        triggers=_TRIGGERS.format(main=flow.main) if flow.has_previews else "",
    )  # fmt: skip
    branches = " ".join(f"branch '{name}';" for name in dict.fromkeys((flow.trunk, flow.main))).rstrip(";")
    is_branch = f"not {{ anyOf {{ {branches} }} }}"
    made += _stage("check", is_branch, (*flow.sign_in, *flow.check))
    if flow.has_previews:
        own = f"{is_branch}; not {{ changeRequest() }}; not {{ buildingTag() }}"
        made += _stage("preview-branch", own, (*flow.sign_in, *flow.preview("BRANCH_NAME")))
        due = (*flow.sign_in, *flow.sweep(gone=False))
        made += _stage("preview-sweep", f"branch '{flow.main}'{_SCHEDULED}", due)
    for stage in flow.stages:
        condition = f"branch '{stage.branch}'{_PUSHED if flow.has_previews and stage.branch == flow.main else ''}"
        made += _stage(stage.environment, condition, (*flow.sign_in, *flow.promote(stage)), stage)
    return f"{made}  }}\n}}\n"


def _stage(name: str, condition: str, commands: Sequence[str], stage: Stage | None = None) -> str:
    lines = [f"    stage('{name}') {{"]
    if stage is not None and stage.is_manual:
        lines += [f"      when {{ beforeInput true; {condition} }}", f"      input {{ message 'Bring it to {name}?' }}"]
    else:
        lines.append(f"      when {{ {condition} }}")
    lines.append("      steps {")
    lines += [f"        sh '{command}'" for command in commands]
    return "\n".join([*lines, "      }", "    }", ""])
