"""`wps render`: the plain manifests that a deploy and its release apply."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from wps import plan, selection, terminal

if TYPE_CHECKING:
    import argparse


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

    from team_k8s import preview  # noqa: PLC0415  # other commands need no plugin
    from teamconfig import errors  # noqa: PLC0415

    selected = selection.select(arguments)
    profile = selected.profile
    image = plan.image_of(arguments.image, selected.file, profile.app)
    if not image:
        why = "the build stanza does not name it; it is known when the build has run"
        raise errors.missing("no image is named", why, "give it with --image", str(arguments.file))
    identity = preview.identity_of(profile, selected.workspace)
    planned = preview.manifests(profile, identity, image, arguments.sequence, arguments.id)
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
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (arguments.out / name).write_text(text, encoding="utf-8")
    terminal.line(f"{len(texts)} manifests in {arguments.out}")
    return 0
