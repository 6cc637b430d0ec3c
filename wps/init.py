"""`wps init`: sign in at the team config service of the company, or name standards that no service serves."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from teamconfig import StandardsError, errors, settings
from teamconfig.settings import Settings
from wps import commands, configuration, connection, consent, questions, terminal

app = commands.app()

_ADDRESS = re.compile(r"(?:plaintext://)?(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}")
_GIT = re.compile(r"[a-z][a-z0-9+.-]*://|[A-Za-z0-9_.-]+@[A-Za-z0-9_.-]+:")
_ADVISORY = "no team config service enforces these standards: their limits are advisory"


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be remembered.

    Args:
        found: The service.
        draft: The file that will name it; None where a repository's names it already.
    """

    found: Settings
    draft: configuration.Draft | None


@app.command(
    help="Sign in at the team config service, named by --service, WAYPAAS_SERVICE, the repository's .waypaas.toml or "
    "your own config.toml. Opens a browser where there is one, else shows a code to type on another device. Shows "
    "your teams and what you may do. Run it again to sign in anew. With --config, no service: standards in a directory "
    "or in git."
)
def run(
    *,
    service: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="the team config service")] = None,
    ca: Annotated[
        Path | None, typer.Option(metavar="FILE", help="authority of its certificate, PEM; the system's if left out")
    ] = None,
    identity_ca: Annotated[
        Path | None, typer.Option(metavar="FILE", help="authority of the identity provider's certificate, likewise")
    ] = None,
    provider: Annotated[str | None, typer.Option(metavar="NAME", help="who vouches for you, if there are several")]
    = None,
    flow: Annotated[
        str | None, typer.Option(metavar="F", help="device (a code) or loopback (a browser here); loopback:PORT where "
                                 "the identity provider knows one port")
    ] = None,
    user: Annotated[
        str | None, typer.Option(metavar="NAME", help="user name, for a directory; WAYPAAS_PASSWORD_FILE or a question "
                                 "gives the password")
    ] = None,
    config: Annotated[
        str | None, typer.Option(metavar="DIR|GIT", help="standards without a service: a directory, or a git address")
    ] = None,
    repository: Annotated[
        bool, typer.Option("--repository", help="name it in the repository's .waypaas.toml, for everybody")
    ] = False,
    trust_new_key: Annotated[
        bool, typer.Option("--trust-new-key", help="the service's signing key was changed, and you know why")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="ask nothing but a password")] = False,
    as_json: terminal.Json = False,
) -> int:  # fmt: skip
    """Sign in, or name standards.

    Args:
        service: Address of the service.
        ca: Authority of its certificate.
        identity_ca: Authority of the identity provider's certificate.
        provider: Name of the provider.
        flow: How to sign in at it.
        user: Name in a directory.
        config: Standards without a service.
        repository: Whether the repository's file names it.
        trust_new_key: Whether to take another signing key than before.
        yes: Whether to ask nothing.
        as_json: Whether to print JSON.

    Returns:
        The exit code.

    Raises:
        StandardsError: It is refused, or something is missing or away; then nothing has changed.
    """
    if repository:
        configuration.check_repository(Path.cwd())
    if config is not None:
        if service is not None:
            raise typer.BadParameter("not together with --service", param_hint="--config")
        return _embedded(config, repository=repository, yes=yes, as_json=as_json)
    ask = terminal.interactive() and not yes
    plan = _planned(service, ca, identity_ca, repository=repository, ask=ask)
    if plan.draft is not None:
        _consent(plan.draft, yes=yes, repository=repository)
    from wps import enrolling, whoami  # noqa: PLC0415  # grpc and cryptography: only with a service

    vault = enrolling.enrol(
        plan.found, enrolling.Wishes(provider, flow, user, terminal.interactive(), trust_new_key)
    )  # fmt: skip
    if plan.draft is not None:
        try:
            plan.draft.write()
        except StandardsError:
            enrolling.end(plan.found)
            vault.forget()
            raise
    if vault.fallback:
        terminal.note(vault.fallback)
    _tell_what_counts(plan.found)
    with connection.signed_in(plan.found) as signed:
        reply = signed.call("Sessions/WhoAmI", connection.message("sessions_pb2.WhoAmIRequest"))
    if as_json:
        where = str(plan.draft.path) if plan.draft is not None else plan.found.where
        terminal.document({**whoami.data(reply, plan.found.service), "configuration": where})
    else:
        whoami.show(reply, plan.found.service)
    return 0


def _planned(given: str | None, ca: Path | None, identity_ca: Path | None, *, repository: bool, ask: bool) -> _Plan:
    """Find the service, and what has to be written so that it is found again."""
    named = _named()
    address = given or (named.service if named is not None else "")
    if not address and ask:
        address = questions.ask("service, host:port", "", lambda text: "" if _ADDRESS.fullmatch(text) else "host:port")
    if not address:
        why = f"{named.where} names standards without one" if named is not None else "nothing names one"
        fix = "give it with --service HOST:PORT, or --config DIR for standards without a service"
        raise errors.missing("no team config service is named", why, fix, "the argument --service")
    if not _ADDRESS.fullmatch(address):
        where = "the argument --service" if given else (named.where if named is not None else "")
        problem = errors.Problem(f"service {address} is not allowed", "it is host:port", "write HOST:7443", where,
                                 "option")  # fmt: skip
        raise StandardsError([problem])
    _refuse_far_plaintext(address)
    same = named is not None and named.service == address
    before = named if named is not None and same else Settings(address, "", Path.cwd(), "", "the argument --service")
    authority = str(_readable(ca, "--ca")) if ca is not None else before.certificate_authority
    identity = str(_readable(identity_ca, "--identity-ca")) if identity_ca is not None else before.identity_authority
    found = Settings(address, "", Path.cwd(), authority, before.where, identity)
    if named is before and consent.is_repository(before.where):
        consent.of_user(
            found, named=given is not None, authority_named=ca is not None, identity_named=identity_ca is not None,
            ask=ask,
        )  # fmt: skip
    path = configuration.of_repository(Path.cwd())
    if repository:
        values = _values(address, _shared(authority, path.parent), _shared(identity, path.parent))
        return _Plan(found, configuration.draft(path, values))
    theirs = settings.find(Path.cwd(), {}) if path.exists() else None
    wanted = _values(address, authority, identity)
    if (
        theirs is not None
        and _values(theirs.service, theirs.certificate_authority, theirs.identity_authority) == wanted
    ):
        return _Plan(found, None)
    return _Plan(found, configuration.draft(configuration.own(), wanted))


def _values(service: str, authority: str, identity: str) -> dict[str, str]:
    """Write what is to be remembered as a file has it."""
    return {"service": service, "certificate_authority": authority, "identity_authority": identity}


def _shared(file: str, folder: Path) -> str:
    """Name a file of a repository so that the name is good in every checkout."""
    return str(Path(file).relative_to(folder)) if file and Path(file).is_relative_to(folder) else file


def _refuse_far_plaintext(address: str) -> None:
    target = address.removeprefix("plaintext://")
    if target == address:
        return
    from teamconfig.client.channel import on_this_machine  # noqa: PLC0415  # grpc: only with a service

    if not on_this_machine(target):
        why = "a call without TLS is for this machine only"
        raise errors.state(f"service {address} is not allowed", why, f"write {target}", "the argument --service")


def _named() -> Settings | None:
    try:
        return connection.found()
    except StandardsError as err:
        if err.kind != "missing":
            raise
        return None


def _readable(ca: Path, argument: str) -> Path:
    path = ca.expanduser().absolute()
    if not path.is_file():
        why, fix = "there is no such file", "name a PEM file"
        raise errors.missing(f"{ca} cannot be read", why, fix, f"the argument {argument}")
    return path


def _consent(draft: configuration.Draft, *, yes: bool, repository: bool) -> None:
    """Ask before a repository's file is changed, which is everybody's."""
    if not repository or not draft.before or draft.before == draft.after or yes:
        return
    terminal.show_diff(terminal.diff(draft.before, draft.after, str(draft.path)))
    if not terminal.interactive() or not questions.confirm(f"write {draft.path}?"):
        raise errors.state(f"{draft.path} is not changed", "nobody agreed to it", "add --yes", str(draft.path))


def _tell_what_counts(found: Settings) -> None:
    """Say if something else than what was just set up counts in this directory."""
    counts = _named()
    if counts is None or counts.service == found.service:
        return
    other = counts.service or f"standards {counts.standards}"
    terminal.note(f"{counts.where} names {other}, which counts here")


def _embedded(address: str, *, repository: bool, yes: bool, as_json: bool) -> int:
    """Name standards that no service serves."""
    from teamconfig import source  # noqa: PLC0415  # YAML: not with a service
    from wps import revision  # noqa: PLC0415

    folder = Path(address).expanduser()
    if not address.startswith("git+"):
        in_git = not folder.is_dir() and (_GIT.match(address) is not None or ".git" in address)
        if not in_git:
            revision.check(address, "the argument --config")
        address = f"git+{address}" if in_git else str(folder.absolute())
    elif (local := Path(address.removeprefix("git+").partition("#")[0]).expanduser()).is_dir():
        rest = address.partition("#")[2]
        address = f"git+{local.absolute()}" + (f"#{rest}" if rest else "")
    try:
        tree = source.read(address, Path.cwd(), os.environ)
    except StandardsError as err:
        revision.placed(err, address)
        raise
    path = configuration.of_repository(Path.cwd()) if repository else configuration.own()
    written = _shared(address, path.parent) if repository else address
    if repository and written.removeprefix("git+").startswith("/"):
        terminal.note(f"{written} is on this machine: for everybody, name a directory of the repository, or a URL")
    draft = configuration.draft(path, {"standards": written})
    _consent(draft, yes=yes, repository=repository)
    draft.write()
    if tree.note:
        terminal.note(tree.note)
    counts = _named()
    if counts is not None and counts.standards not in (address, written):
        terminal.note(f"{counts.where} names {counts.service or counts.standards}, which counts here")
    facts: dict[str, Any] = {
        "standards": address, "revision": tree.revision, "organization": tree.org.name,
        "teams": sorted(tree.teams), "environments": list(tree.org.environments), "configuration": str(path),
    }  # fmt: skip
    if as_json:
        terminal.document(facts)
        return 0
    terminal.heading(f"{tree.org.name}: standards {tree.revision} from {address}, named in {path}")
    terminal.line(f"teams {', '.join(facts['teams']) or 'none'}; environments {', '.join(facts['environments'])}")
    terminal.line(_ADVISORY)
    return 0
