"""`wps image`: copy images by digest, look what they are, compare them; the command line alone.

What the commands do is in `wps.images`, which is loaded when one is run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wps import commands, terminal

app = commands.app("Copy container images by digest, look what they are, compare them, see why ECR does not replicate.")

_NAMES = "registry/repository:tag or @digest, oci:DIR, oci-archive:FILE, docker-archive:FILE, docker-daemon:NAME"

PlainHttp = Annotated[
    list[str] | None, typer.Option("--plain-http", metavar="HOST", help="a registry that has no TLS; may be repeated")
]
Authorities = Annotated[
    Path | None,
    typer.Option("--ca", metavar="FILE", help="trust these authorities alone; on this machine, TLS is needed then"),
]  # fmt: skip
Platform = Annotated[
    str, typer.Option("--platform", metavar="OS/ARCH", help="of an index, look at the image of this platform")
]


@app.command(
    "copy",
    help="Copy images: SRC DST; SRC... PREFIX/; or SRC... with --to for each place. Blobs that are there are not sent, "
    "manifests are not changed, and a tag is set when all is there, so a copy that was stopped goes on when it is run "
    f"again. Names: {_NAMES}. A place is a registry, oci: or oci-archive:. Names without a host mean Docker Hub.",
    short_help="copy images between registries, layouts and archives",
)
def run_copy(
    images: Annotated[list[str], typer.Argument(metavar="SRC... DST", help="images, and where they go")],
    *,
    to: Annotated[list[str] | None, typer.Option("--to", metavar="DST", help="a place; may be repeated")] = None,
    platform: Annotated[
        list[str] | None, typer.Option("--platform", metavar="OS/ARCH", help="only this one; may be repeated")
    ] = None,
    referrers: Annotated[
        bool, typer.Option("--referrers", help="take signatures, attestations and the like along")
    ] = False,
    digest: Annotated[str, typer.Option("--digest", metavar="DIGEST", help="that the image must have")] = "",
    tag: Annotated[
        list[str] | None, typer.Option("--tag", metavar="TAG", help="set it at DST, besides its own; may be repeated")
    ] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", metavar="N", help="how much is done at the same time")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="show the plan, change nothing")] = False,
    receipt: Annotated[
        Path | None, typer.Option("--receipt", metavar="FILE", help="write what was copied, when and by whom")
    ] = None,
    deep: Annotated[bool, typer.Option("--deep", help="look at every blob even where the tag is right")] = False,
    no_move_tags: Annotated[
        bool, typer.Option("--no-move-tags", help="refuse if a tag stands on another digest")
    ] = False,
    plain_http: PlainHttp = None,
    ca_file: Authorities = None,
    as_json: Annotated[bool, typer.Option("--json", help="print a JSON event a line, the result last")] = False,
) -> int:
    """Copy images.

    Args:
        images: Sources, and the destination behind them unless `to` has it.
        to: Destinations.
        platform: Platforms that are wanted.
        referrers: Whether what refers to the images goes along.
        digest: That the image must have.
        tag: Further tags.
        jobs: Pieces of work at the same time; None: as the mover finds best.
        dry_run: Whether only the plan is wanted.
        receipt: File for the receipt.
        deep: Whether every blob is looked at.
        no_move_tags: Whether tags may not move.
        plain_http: Registries without TLS.
        ca_file: Authorities.
        as_json: Whether to print JSON.

    Returns:
        The exit code.

    Raises:
        BadParameter: The command line was wrong.
        StandardsError: It cannot be done.
    """
    sources, destinations = (images, to) if to else (images[:-1], images[-1:])
    if not sources:
        raise typer.BadParameter("the place that it goes to is missing", param_hint="DST")
    if digest and len(sources) > 1:
        raise typer.BadParameter("it is of one image", param_hint="--digest")
    if jobs is not None and jobs < 1:
        raise typer.BadParameter("at least 1 is needed", param_hint="--jobs")
    from imagemover.jobs import Options  # noqa: PLC0415  # --help needs no mover
    from wps.images import copying  # noqa: PLC0415

    options = Options(
        workers=jobs or Options().workers, platforms=tuple(platform or ()), referrers=referrers,
        move_tags=not no_move_tags, deep=deep,
    )  # fmt: skip
    wish = copying.Wish(
        tuple(sources), tuple(destinations), options, tuple(tag or ()), digest, tuple(plain_http or ()),
        _text(ca_file), receipt, dry_run, as_json,
    )  # fmt: skip
    return copying.run(wish)


@app.command(
    "inspect",
    help=f"Show an image's digest, platforms, layers, labels and what refers to it. Names: {_NAMES}.",
    short_help="show digest, platforms, layers, labels, referrers",
)
def run_inspect(
    ref: Annotated[str, typer.Argument(metavar="REF", help="an image")],
    *,
    platform: Platform = "",
    raw: Annotated[bool, typer.Option("--raw", help="print the manifest, byte by byte, and nothing else")] = False,
    plain_http: PlainHttp = None,
    ca_file: Authorities = None,
    as_json: terminal.Json = False,
) -> int:
    """Look what an image is.

    Args:
        ref: The image.
        platform: Of an index, the one that is wanted.
        raw: Whether only the manifest's bytes are wanted.
        plain_http: Registries without TLS.
        ca_file: Authorities.
        as_json: Whether to print JSON.

    Returns:
        The exit code.

    Raises:
        StandardsError: It cannot be read.
    """
    from wps.images import inspecting  # noqa: PLC0415  # as above

    return inspecting.run(ref, platform, tuple(plain_http or ()), _text(ca_file), raw=raw, as_json=as_json)


@app.command(
    "diff",
    help=f"Compare two images: exit code 0 if they have the same digest, 1 if not, with what differs. Names: {_NAMES}.",
    short_help="compare two images",
)
def run_diff(
    first: Annotated[str, typer.Argument(metavar="A", help="an image")],
    second: Annotated[str, typer.Argument(metavar="B", help="another")],
    *,
    platform: Platform = "",
    plain_http: PlainHttp = None,
    ca_file: Authorities = None,
    as_json: terminal.Json = False,
) -> int:
    """Compare two images.

    Args:
        first: The one.
        second: The other.
        platform: That is compared only.
        plain_http: Registries without TLS.
        ca_file: Authorities.
        as_json: Whether to print JSON.

    Returns:
        0 if they are the same, 1 if not.

    Raises:
        StandardsError: One cannot be read.
    """
    from wps.images import differing  # noqa: PLC0415  # as above

    return differing.run(first, second, platform, tuple(plain_http or ()), _text(ca_file), as_json=as_json)


@app.command(
    "doctor",
    help="Look why images are not where Amazon ECR's own replication should bring them: rules, filters, permissions, "
    "settings, images from before the rule, tags that stayed behind. Exit code 1 if something is in the way.",
    short_help="look why ECR does not replicate images",
)
def run_doctor(
    repository: Annotated[str, typer.Argument(metavar="HOST/REPOSITORY", help="in ECR, where images are pushed to")],
    *,
    to: Annotated[list[str], typer.Option("--to", metavar="REGION", help="or a host of ECR; may be repeated")],
    as_json: terminal.Json = False,
) -> int:
    """Look why images are not replicated.

    Args:
        repository: In ECR.
        to: Where its images should be.
        as_json: Whether to print JSON.

    Returns:
        1 if something is in the way, else 0.

    Raises:
        StandardsError: It is no repository of ECR, or ECR does not say.
    """
    from wps.images import replication  # noqa: PLC0415  # as above

    return replication.run(repository, to, as_json=as_json)


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
