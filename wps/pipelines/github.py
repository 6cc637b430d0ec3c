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
permissions:
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
        with: {{fetch-depth: 0, persist-credentials: false}}
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


def text(flow: Flow) -> str:
    """Write the pipeline.

    Args:
        flow: Of the app.

    Returns:
        The content of `PATH`.
    """
    made = _HEAD.format(trunk=flow.trunk, main=flow.main, first=flow.stages[0].environment)
    branches = " && ".join(f"github.ref != 'refs/heads/{name}'" for name in dict.fromkeys((flow.trunk, flow.main)))
    made += _job(flow, "check", f"github.event_name == 'push' && {branches}", flow.check)
    for stage in flow.stages:
        made += _job(flow, stage.environment, _condition(stage), flow.promote(stage), stage)
    return made


def _condition(stage: Stage) -> str:
    event = "workflow_dispatch" if stage.is_manual else "push"
    return f"github.event_name == '{event}' && github.ref == 'refs/heads/{stage.branch}'"


def _job(flow: Flow, name: str, condition: str, commands: Sequence[str], stage: Stage | None = None) -> str:
    needs = f"    needs: [{stage.after}]\n" if stage is not None and stage.after and not stage.is_manual else ""
    more = ""
    if stage is not None:
        more = f"    environment: {name}\n    concurrency: {{group: waypaas-{name}, cancel-in-progress: false}}\n"
    made = _JOB.format(id=name, condition=condition, needs=needs, image=flow.image, more=more)
    if flow.service:
        made += _PROOF.format(audience=flow.audience, commands="\n          ".join(flow.sign_in))
    title = f"Bring it to {name}" if stage is not None else "Build"
    lines = "\n          ".join(commands)
    return f"{made}      - name: {title}\n        run: |\n          {lines}\n"
