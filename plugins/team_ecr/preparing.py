"""Makes repositories ready for an image: ECR's have to exist, and to be set by the standards.

Owns the way from standards to settings and what is said about them; the calls are
`imagemover.ecr.repositories`'s. Other registries make repositories with the first push.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from team_ecr.tags import RELEASES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imagemover.ecr.repositories import Ensured, Mode
    from imagemover.ecr.settings import Settings
    from imagemover.repository import Repository
    from team_ecr.moving import Mover
    from team_ecr.standards import Resolved
    from waypaas_sdk.terminal import TerminalUI


def settings(resolved: Resolved) -> Settings:
    """Give the settings that the standards want of a repository.

    Args:
        resolved: Of the environment.

    Returns:
        The settings.
    """
    from imagemover.ecr.policies import Lifecycle  # noqa: PLC0415  # where ECR is reached only
    from imagemover.ecr.settings import Settings  # noqa: PLC0415

    wanted, profile = resolved.registry, resolved.profile
    keep = wanted.keep_images
    return Settings(
        is_immutable=wanted.immutable,
        scans_on_push=wanted.scan_on_push,
        kms_key=wanted.kms_key,
        lifecycle=Lifecycle(keep, (f"{RELEASES}*",)) if keep else None,
        pull_accounts=tuple(wanted.pull_accounts) if wanted.pull_accounts is not None else None,
        tags=(("waypaas:team", profile.team), ("waypaas:project", profile.project), ("waypaas:app", profile.app)),
    )


def prepare(mover: Mover, repositories: Sequence[Repository], resolved: Resolved, ui: TerminalUI) -> None:
    """Make repositories ready.

    Args:
        mover: That gave them.
        repositories: Where the image will go.
        resolved: Of the environment.
        ui: Is told what was created, and what differs.

    Raises:
        ImageError: ECR refuses, or the standards refuse what is there.
    """
    from imagemover.ecr.registry import EcrRegistry  # noqa: PLC0415  # where registries are reached only

    for one in repositories:
        if isinstance(one.registry, EcrRegistry):
            from imagemover.ecr import repositories as ours  # noqa: PLC0415  # where ECR is reached only

            mode = cast("Mode", resolved.registry.settings or "mend")
            made = ours.ensure(mover.ecr.cloud, one.registry.ecr, one.path, settings(resolved), mode)
            for line in told(one.name, made):
                ui.output(line, style="warning" if made.differences and not made.is_new else "")


def told(name: str, made: Ensured) -> list[str]:
    """Say what became of a repository.

    Args:
        name: Of the repository.
        made: What became of it.

    Returns:
        Lines; none if nothing did.
    """
    if made.is_new:
        return [f"Repository {name} did not exist: it was created with the settings of the standards"]
    return [
        f"Repository {name}: {difference}" + ("; it was mended" if difference in made.mended else "; left as it is")
        for difference in made.differences
    ]
