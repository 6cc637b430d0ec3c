"""`wps plugins`: build and publish plugin binaries, bring them to where Waypoint looks; the command line alone.

What the commands do is in `wps.pluginset`, which is loaded when one is run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wps import commands, selection, terminal

app = commands.app("Build, sign and publish plugin binaries, and bring them to where Waypoint looks for plugins.")

_DAYS = 90
PlainHttp = Annotated[
    list[str] | None,
    typer.Option("--plain-http", metavar="HOST:PORT", help="speak to this registry without TLS; may be repeated"),
]
Authorities = Annotated[
    Path | None, typer.Option("--ca-file", metavar="FILE", help="authorities (PEM) to trust instead of the machine's")
]
Key = Annotated[Path, typer.Option("--key", metavar="FILE", help="private key, a file that you alone can read")]


@app.command(
    "build",
    help="Build self-contained binaries of the plugins for this platform, with bill of materials and licences. Needs a "
    "checkout, uv, Go, and on Linux strip of binutils.",
    short_help="build self-contained binaries",
)
def run_build(
    name: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="plugins; all if left out")] = None,
    *,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="where they go")] = Path("dist/plugins"),
    source: Annotated[Path, typer.Option("--source", metavar="DIR", help="the checkout")] = Path(),
    as_json: terminal.Json = False,
) -> int:
    """Build.

    Args:
        name: Plugins; all if left out.
        out: Gets them.
        source: The checkout.
        as_json: Whether to print JSON.

    Returns:
        The exit code.

    Raises:
        StandardsError: A step of the build fails.
    """
    from wps.pluginset import building, telling  # noqa: PLC0415  # only who runs the command loads it

    told = (lambda _: None) if as_json else telling.step
    return telling.built(building.build(source.absolute(), out, name or (), told), as_json=as_json)


@app.command("key", help="Make a key to sign with: a new FILE that you alone can read. Prints its public half.")
def run_key(path: Annotated[Path, typer.Argument(metavar="FILE", help="a file that is not there yet")]) -> int:
    """Make a key.

    Args:
        path: The file.

    Returns:
        The exit code.

    Raises:
        StandardsError: The file is there, or cannot be written.
    """
    from wps.pluginset import signing  # noqa: PLC0415  # as above

    terminal.line(signing.make(path))
    return 0


@app.command(
    "publish",
    help="Sign what `wps plugins build` has made, and publish it as the next set: to a directory that any HTTP server "
    "can serve, or to a registry, oci://HOST/REPOSITORY[:TAG].",
    short_help="sign and publish a set",
)
def run_publish(
    to: Annotated[str, typer.Argument(metavar="DEST", help="a directory, or oci://HOST/REPOSITORY[:TAG]")],
    *,
    key: Key,
    built: Annotated[Path, typer.Option("--built", metavar="DIR", help="as `build --out`")] = Path("dist/plugins"),
    days: Annotated[int, typer.Option("--days", metavar="N", help="how long the set is good", min=1, max=3650)] = _DAYS,
    serial: Annotated[
        int | None, typer.Option("--serial", metavar="N", help="number of the set, if not the next one", min=1)
    ] = None,
    plain_http: PlainHttp = None,
    ca_file: Authorities = None,
    as_json: terminal.Json = False,
) -> int:
    """Publish.

    Args:
        to: Where.
        key: File of the private key.
        built: What was built.
        days: How long the set is good.
        serial: Of the set.
        plain_http: Registries without TLS.
        ca_file: Authorities.
        as_json: Whether to print JSON.

    Returns:
        The exit code.

    Raises:
        StandardsError: It cannot be signed, or the place cannot be written to.
    """
    import datetime as dt  # noqa: PLC0415  # as above
    from importlib import metadata  # noqa: PLC0415

    from wps.pluginset import publishing, signing, telling  # noqa: PLC0415

    private = signing.read(key)
    wish = publishing.Wish(
        to, built, metadata.version("waypaas"), dt.timedelta(days=days), serial, tuple(plain_http or ()), _text(ca_file)
    )
    made = publishing.publish(wish, private, dt.datetime.now(dt.UTC))
    return telling.published(to, made, signing.public(private), as_json=as_json)


@app.command(
    "sync",
    help="Bring the plugins that the team's standards name (or --from SOURCE --key PUBLIC) to where Waypoint looks. "
    "Signature, age and hashes are verified before anything is changed. SOURCE: a directory, file:///DIR, https://..., "
    "http:// on this machine, oci://HOST/REPOSITORY[:TAG].",
    short_help="bring the team's plugins here",
)
def run_sync(
    name: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="plugins; all if left out")] = None,
    *,
    source: Annotated[str | None, typer.Option("--from", metavar="SOURCE", help="instead of the standards'")] = None,
    key: Annotated[
        list[str] | None, typer.Option("--key", metavar="PUBLIC", help="ed25519:... that is trusted; may be repeated")
    ] = None,
    serial: Annotated[int | None, typer.Option("--serial", metavar="N", help="this set, not the newest", min=1)] = None,
    write_stanza: Annotated[
        bool, typer.Option("--write-stanza", help="write `plugin` blocks with the checksums into waypoint.hcl")
    ] = False,
    project: selection.Project = None,
    app_name: selection.App = None,
    file: selection.File = None,
    plain_http: PlainHttp = None,
    ca_file: Authorities = None,
    as_json: terminal.Json = False,
) -> int:
    """Sync.

    Args:
        name: Plugins; all if left out.
        source: Where they come from.
        key: Public keys.
        serial: Of the set.
        write_stanza: Whether waypoint.hcl gets the checksums.
        project: As in `selection.Choice`.
        app_name: As in `selection.Choice`.
        file: As in `selection.Choice`.
        plain_http: Registries without TLS.
        ca_file: Authorities.
        as_json: Whether to print JSON.

    Returns:
        The exit code.

    Raises:
        StandardsError: The set is refused, does not arrive, or cannot be installed.
    """
    from wps.pluginset import pins, telling  # noqa: PLC0415  # as above

    choice = selection.Choice(None, project, app_name, file)
    pin = pins.pin(choice, source, key or (), name or (), serial)
    return telling.sync(
        pin, (tuple(plain_http or ()), _text(ca_file)), file, write_stanza=write_stanza, as_json=as_json
    )


@app.command("list", help="List the sets that are installed, and the plugins of the current one.")
def run_list(*, as_json: terminal.Json = False) -> int:
    """List.

    Args:
        as_json: Whether to print JSON.

    Returns:
        The exit code.

    Raises:
        StandardsError: A manifest was changed.
    """
    from wps.pluginset import installed  # noqa: PLC0415  # as above

    return installed.listed(as_json=as_json)


@app.command(
    "verify",
    help="Hold the installed plugins against their signed manifest. Exit code 1 if one was changed, would not be found "
    "by Waypoint, or another stands before it.",
    short_help="check the installed plugins",
)
def run_verify(*, as_json: terminal.Json = False) -> int:
    """Verify.

    Args:
        as_json: Whether to print JSON.

    Returns:
        1 if something is wrong, else 0.

    Raises:
        StandardsError: Nothing is installed, or the manifest was changed.
    """
    from wps.pluginset import installed  # noqa: PLC0415  # as above

    return installed.verified(as_json=as_json)


@app.command("rollback", help="Go back to the set before, or to set N, of those that are here. Fetches nothing.")
def run_rollback(
    serial: Annotated[int | None, typer.Argument(metavar="[N]", help="number of the set", min=1)] = None,
    *,
    as_json: terminal.Json = False,
) -> int:
    """Go back.

    Args:
        serial: Of the set.
        as_json: Whether to print JSON.

    Returns:
        The exit code.

    Raises:
        StandardsError: There is no such set, or it is damaged or past its time.
    """
    from wps.pluginset import installed  # noqa: PLC0415  # as above

    return installed.went_back(serial, as_json=as_json)


@app.command(
    "runner",
    help="Write a Containerfile of Waypoint's on-demand runner with the installed set, and the binaries beside it.",
    short_help="write the runner's Containerfile",
)
def run_runner(
    into: Annotated[Path, typer.Argument(metavar="DIR", help="where it goes")],
    *,
    base: Annotated[str, typer.Option("--base", metavar="IMAGE", help="another image of the runner")] = "",
) -> int:
    """Write the runner's image.

    Args:
        into: The directory.
        base: Image of the runner.

    Returns:
        The exit code.

    Raises:
        StandardsError: Nothing is installed, or it cannot be written.
    """
    from wps.pluginset import installed  # noqa: PLC0415  # as above

    return installed.runner_written(into, base)


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
