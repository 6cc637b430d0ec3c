"""`wps render`: the plain manifests that a deploy and its release apply."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  # Typer reads annotations
from typing import TYPE_CHECKING, Annotated

import typer

from teamconfig import errors
from wps import commands, plan, reference, selection, terminal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wps.appfile import AppFile

app = commands.app()


@app.command(
    help="Write plain Kubernetes manifests, the very ones that a deploy and its release apply. No cluster is asked. "
    "Apply them with: kubectl apply --server-side --field-manager=waypaas -f -"
)
def run(
    *,
    env: selection.Env = None,
    project: selection.Project = None,
    app_name: selection.App = None,
    file: selection.File = None,
    image: Annotated[
        str | None, typer.Option(metavar="REF", help="image to deploy, if waypoint.hcl does not name it")
    ] = None,
    sequence: Annotated[int, typer.Option(metavar="N", help="number of the deployment")] = 1,
    deployment_id: Annotated[str, typer.Option("--id", metavar="ID", help="Waypoint's id of it")] = "rendered",
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="write a file for each object, instead of to stdout")
    ] = None,
    as_json: terminal.Json = False,
) -> int:
    """Render.

    Args:
        env: As in `selection.Choice`.
        project: As in `selection.Choice`.
        app_name: As in `selection.Choice`.
        file: As in `selection.Choice`.
        image: Image to deploy, or None.
        sequence: Number of the deployment.
        deployment_id: Waypoint's id of it.
        out: Directory for the files, or None for stdout.
        as_json: Whether stdout gets one list in JSON, which kubectl takes too.

    Returns:
        The exit code.

    Raises:
        StandardsError: There are no standards, or what is set breaks them, or nothing says which image, or not rightly.
        PluginError: The standards ask for what their ingress class cannot do.
    """
    import yaml  # noqa: PLC0415  # other commands do not write YAML

    selected = selection.select(selection.Choice(env, project, app_name, file))
    profile = selected.profile
    wanted_image = plan.image_of(image, selected.file, profile.app)
    if not wanted_image:
        why = "the build stanza does not name it; it is known when the build has run"
        raise errors.missing(
            "no image is named", why, "give it with --image", str(selected.file.path) if selected.file else ""
        )
    reference.check(wanted_image, "the argument --image" if image else _line(selected.file, profile.app))
    planned = plan.manifests(selected, wanted_image, sequence, deployment_id)
    namespace = profile.kubernetes.namespace
    texts = {}
    for manifest in planned:
        if namespace:
            manifest["metadata"]["namespace"] = namespace
        name = f"{manifest['kind'].lower()}-{manifest['metadata']['name']}.yaml"
        texts[name] = yaml.safe_dump(manifest, sort_keys=False, allow_unicode=True)
    if out is None and as_json:
        terminal.document({"apiVersion": "v1", "kind": "List", "items": planned})
    elif out is None:
        terminal.raw("---\n".join(texts.values()))
    else:
        _write(out, texts)
        terminal.line(f"{terminal.counted(len(texts), 'manifest')} in {out}")
    return 0


def _line(file: AppFile | None, app: str) -> str:
    """Name the line of the build that names the image."""
    block = file.root.find("app", app) if file is not None else None
    build = block.find("build") if block is not None else None
    use = build.find("use", "team-k8s") if build is not None else None
    return f"{file.path}:{use.lines['image']}" if file is not None and use is not None else ""


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    """Write a file for each object."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as err:
        why = f"{err.filename or folder}: {(err.strerror or 'the operating system refuses').lower()}"
        fix = "name a directory that is yours to write to, or one that is to be made"
        raise errors.missing(f"{folder} cannot be written", why, fix, "the argument --out") from err
