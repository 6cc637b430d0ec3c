"""The pipeline for GitHub Actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wps.pipelines.flow import Flow, Stage

PATH = ".github/workflows/waypaas.yml"

_HEAD = """\
# Written by `wps ci init --provider github`; yours to change.
# A branch builds; {trunk} goes to {first}; {main} goes on; the last environment is started by hand:
# Actions, waypaas, Run workflow. No secret is stored: a job proves what it is by its token (id-token: write).
name: waypaas
on:
  push: {{}}
  workflow_dispatch: {{}}
{events}permissions:
  contents: read
  id-token: write
defaults:
  run:
    shell: bash
jobs:
"""
_JOB = """\
  {id}:
    if: {condition}
{needs}    runs-on: ubuntu-latest
    container: "{image}"
{more}    steps:
      - uses: actions/checkout@v4
        with: {{fetch-depth: 0, persist-credentials: {persists}}}
"""
_PROOF = """\
      - name: Sign in
        env:
          WAYPAAS_ID_TOKEN_FILE: ${{{{ runner.temp }}}}/id-token
        run: |
          printf 'header = "Authorization: bearer %s"\\n' "$ACTIONS_ID_TOKEN_REQUEST_TOKEN" |
            curl -sSf --config - "$ACTIONS_ID_TOKEN_REQUEST_URL&audience={audience}" |
            jq -r .value > "$WAYPAAS_ID_TOKEN_FILE"
          {commands}
          rm -f "$WAYPAAS_ID_TOKEN_FILE"
"""


_PREVIEW_EVENTS = """\
  delete: {}
  schedule: [{cron: "17 * * * *"}]
"""
_BRANCH = "BRANCH_NAME"


def text(flow: Flow) -> str:
    """Write the pipeline.

    Args:
        flow: Of the app.

    Returns:
        The content of `PATH`.
    """
    events = _PREVIEW_EVENTS if flow.has_previews else ""
    made = _HEAD.format(trunk=flow.trunk, main=flow.main, first=flow.stages[0].environment, events=events)
    branches = " && ".join(f"github.ref != 'refs/heads/{name}'" for name in dict.fromkeys((flow.trunk, flow.main)))
    made += _job(flow, "check", f"github.event_name == 'push' && {branches}", flow.check, "Build")
    if flow.has_previews:
        made += _previews(flow, f"github.event_name == 'push' && github.ref_type == 'branch' && {branches}")
    for stage in flow.stages:
        more = f"    environment: {stage.environment}\n{_alone(f'waypaas-{stage.environment}')}"
        needs = f"    needs: [{stage.after}]\n" if stage.after and not stage.is_manual else ""
        name, title = stage.environment, f"Bring it to {stage.environment}"
        made += _job(flow, name, _condition(stage), flow.promote(stage), title, needs=needs, more=more)
    return made


def _previews(flow: Flow, is_branch: str) -> str:
    """Write the jobs of previews: a deleted branch ends its own, with the files of the default branch.

    A branch may be gone before its preview is there: the sweep looks at the remote, for which it keeps its token.
    """
    up, down, sweep = flow.preview(_BRANCH), flow.end_preview(_BRANCH), flow.sweep(gone=True)
    made = _job(
        flow, "preview-branch", is_branch, up, "Deploy the preview", needs="    needs: [check]\n",
        more=_alone('"waypaas-preview-${{ github.ref_name }}"'), branch="github.ref_name",
    )  # fmt: skip
    made += _job(
        flow, "preview-end", "github.event_name == 'delete' && github.event.ref_type == 'branch'", down,
        "End the preview", more=_alone('"waypaas-preview-${{ github.event.ref }}"'), branch="github.event.ref",
    )  # fmt: skip
    due = "github.event_name == 'schedule'"
    return made + _job(flow, "preview-sweep", due, sweep, "End what is over its time, or its branch", persists="true")


def _alone(group: str) -> str:
    return f"    concurrency: {{group: {group}, cancel-in-progress: false}}\n"


def _condition(stage: Stage) -> str:
    event = "workflow_dispatch" if stage.is_manual else "push"
    return f"github.event_name == '{event}' && github.ref == 'refs/heads/{stage.branch}'"


def _job(
    flow: Flow, name: str, condition: str, commands: Sequence[str], title: str, *, needs: str = "", more: str = "",
    branch: str = "", persists: str = "false",
) -> str:  # fmt: skip
    """Write a job; a branch's name comes by the environment, as it may hold what a shell or a workflow reads."""
    made = _JOB.format(id=name, condition=condition, needs=needs, image=flow.image, more=more, persists=persists)
    if flow.service:
        made += _PROOF.format(audience=flow.audience, commands="\n          ".join(flow.sign_in))
    lines = "\n          ".join(commands)
    given = f'        env: {{{_BRANCH}: "${{{{ {branch} }}}}"}}\n' if branch else ""
    return f"{made}      - name: {title}\n{given}        run: |\n          {lines}\n"
