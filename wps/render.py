"""`wps render`: the plain manifests that a deploy and its release apply."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from teamconfig import errors
from wps import plan, selection, terminal

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line.

    Args:
        commands: Where commands are added.
    """
    parser = commands.add_parser(
        "render",
        help="write the manifests that a deploy applies",
        description="Write plain Kubernetes manifests, the very ones that a deploy and its release apply. No cluster "
        "is asked. Apply them with: kubectl apply --server-side --field-manager=waypaas -f -",
        allow_abbrev=False,
    )
    selection.add_arguments(parser)
    parser.add_argument("--image", metavar="REF", help="image to deploy, if waypoint.hcl does not name it")
    parser.add_argument("--sequence", metavar="N", type=int, default=1, help="number of the deployment; 1 if left out")
    parser.add_argument("--id", metavar="ID", default="rendered", help="Waypoint's id of the deployment")
    parser.add_argument("--out", metavar="DIR", type=Path, help="write a file for each object, instead of to stdout")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Render.

    Args:
        arguments: What `add` declares.

    Returns:
        The exit code.

    Raises:
        StandardsError: There are no standards, or what is set breaks them, or nothing says which image.
        PluginError: The standards ask for what their ingress class cannot do.
    """
    import yaml  # noqa: PLC0415  # other commands do not write YAML

    selected = selection.select(arguments)
    profile = selected.profile
    image = plan.image_of(arguments.image, selected.file, profile.app)
    if not image:
        why = "the build stanza does not name it; it is known when the build has run"
        raise errors.missing(
            "no image is named", why, "give it with --image", str(selected.file.path) if selected.file else ""
        )
    planned = plan.manifests(selected, image, arguments.sequence, arguments.id)
    namespace = profile.kubernetes.namespace
    texts = {}
    for manifest in planned:
        if namespace:
            manifest["metadata"]["namespace"] = namespace
        name = f"{manifest['kind'].lower()}-{manifest['metadata']['name']}.yaml"
        texts[name] = yaml.safe_dump(manifest, sort_keys=False, allow_unicode=True)
    if arguments.out is None:
        print("---\n".join(texts.values()), end="")
        return 0
    _write(arguments.out, texts)
    terminal.line(f"{terminal.counted(len(texts), 'manifest')} in {arguments.out}")
    return 0


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
