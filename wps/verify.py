"""`wps verify`: check the release records of an app, without the ledger's word and without a network."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wps import commands, moments, promote, selection, terminal, writing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from teamconfig.releases.chain import Chain, Verified

app = commands.app()


@app.command(
    help="Check the release records of an app: every signature, the order in each environment without gaps, where each "
    "was promoted from, and the evidence. A file that --export wrote is checked without a network, by keys that this "
    "machine knows. Exit code 1: something was changed, left out or added; each is named."
)
def run(
    app_name: promote.App = None,
    *,
    records: Annotated[Path | None, typer.Option("--records", metavar="FILE", help="check this file, offline")] = None,
    key: Annotated[
        list[str] | None,
        typer.Option("--key", metavar="HEX", help="trust this public key alone, 64 hex digits; may be repeated"),
    ] = None,
    export: Annotated[
        Path | None, typer.Option("--export", metavar="FILE", help="write the records for others")
    ] = None,
    project: selection.Project = None,
    file: selection.File = None,
    as_json: terminal.Json = False,
) -> int:
    """Verify.

    Args:
        app_name: The app, or None.
        records: File with records; None for the ledger's.
        key: Public keys to trust.
        export: File that the records are written to, or None.
        project: As in `selection.Choice`.
        file: As in `selection.Choice`.
        as_json: Whether to print JSON.

    Returns:
        0 if all is whole.

    Raises:
        VerificationError: It is not.
        StandardsError: There are no records, or no key to check them by.
    """
    from teamconfig.releases import chain as chains  # noqa: PLC0415  # --help needs no ledger

    given = _keys(key or [])
    if records is not None:
        found, keys = chains.from_text(_text(records)), given or _trusted()
    else:
        from wps.promotion import ledgers  # noqa: PLC0415  # as above

        with ledgers.of(selection.Choice(None, project, app_name, file)) as (stages, ledger):
            found, keys = ledger.chain(stages.project, stages.app), given or ledger.keys()
    verified = chains.verify(found, keys)
    if export is not None:
        writing.replace(export, chains.to_text(found))
    _tell(found, verified, keys, as_json=as_json)
    return 0


def _keys(given: list[str]) -> dict[str, bytes]:
    """Read public keys."""
    from teamconfig.releases import statement  # noqa: PLC0415  # as above

    found = {}
    for text in given:
        try:
            public = bytes.fromhex(text)
        except ValueError:
            public = b""
        if len(public) != 32:  # noqa: PLR2004  # of Ed25519
            raise typer.BadParameter("a public key has 64 hex digits", param_hint="--key")
        found[statement.key_id(public)] = public
    return found


def _trusted() -> Mapping[str, bytes]:
    """Give the keys that this machine knows; asks nobody."""
    from teamconfig.releases import opening  # noqa: PLC0415  # as above

    with opening.opened(Path.cwd(), os.environ) as ledger:
        return ledger.keys()


def _text(path: Path) -> str:
    """Read a file of records."""
    from teamconfig import errors  # noqa: PLC0415  # as above

    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as err:
        why = "it is not UTF-8" if isinstance(err, UnicodeDecodeError) else str(err.strerror).lower()
        raise errors.missing(f"{path} cannot be read", why, "name a file that --export wrote", "--records") from err


def _tell(chain: Chain, verified: Verified, keys: Mapping[str, bytes], *, as_json: bool) -> None:
    environments: dict[str, Any] = {}
    for one in verified.records:
        environments[one.environment] = {"records": one.number, "newest": one.id, "digest": one.digest}
    if as_json:
        facts = {"project": chain.project, "app": chain.app, "as_of": verified.as_of}
        terminal.document({**facts, "environments": environments, "keys": [one.hex() for one in keys.values()]})
        return
    count = terminal.counted(len(verified.records), "record")
    terminal.heading(f"{chain.project}/{chain.app}: {count} whole, as of {moments.at(verified.as_of)}")
    for name, row in environments.items():
        terminal.line(
            f"{name}: {terminal.counted(row['records'], 'record')}, newest {row['newest']} of {row['digest']}"
        )
    terminal.line(f"checked by {', '.join(one.hex() for one in keys.values())}")
