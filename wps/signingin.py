"""A proof of who somebody is, for `wps init`: by a browser, a code, a password, or a CI job's token.

What a person has to read goes to stderr. No secret is shown, and none is kept here.
"""

from __future__ import annotations

import getpass
import os
import re
import socket
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from teamconfig import StandardsError, errors, proof
from wps import moments, questions, terminal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from teamconfig.errors import Problem
    from teamconfig.identity.deviceflow import Prompt
    from teamconfig.identity.tokenendpoint import Tokens

TOKEN, TOKEN_FILE = "WAYPAAS_ID_TOKEN", "WAYPAAS_ID_TOKEN_FILE"
PASSWORD_FILE = "WAYPAAS_PASSWORD_FILE"  # noqa: S105  # its name
FLOWS = ("device", "loopback")
_PORT = re.compile(r"loopback:([0-9]{1,5})")
_MOST_PORT = 65535
_MOST_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Proof:
    """What shows the service who somebody is.

    Args:
        token: An ID token, or that of a CI job; empty with a password.
        user: For a password.
        password: As typed.
        idp_token: The identity provider's refresh token, to be kept; empty if it gave none.
    """

    token: str = field(default="", repr=False)
    user: str = ""
    password: str = field(default="", repr=False)
    idp_token: str = field(default="", repr=False)


def choose(providers: Sequence[Any], name: str | None, environ: Mapping[str, str], *, ask: bool) -> Any:
    """Choose the provider to sign in by.

    Args:
        providers: As the service offers them.
        name: That the user named, or None.
        environ: The process's environment.
        ask: Whether somebody can be asked.

    Returns:
        The provider.

    Raises:
        StandardsError: There is none of that name, or nobody can be asked which one (kind missing).
    """
    known = ", ".join(one.name for one in providers) or "none"
    if name is not None:
        chosen = next((one for one in providers if one.name == name), None)
        if chosen is None:
            raise errors.missing(f"there is no provider {name}", f"the service has {known}", "name one of them",
                                 "the argument --provider")  # fmt: skip
        return chosen
    job = bool(environ.get(TOKEN) or environ.get(TOKEN_FILE))
    fitting = [one for one in providers if (one.kind == "workload") == job]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        kind = "CI jobs" if job else "people"
        why, fix = f"the service has {known}", "ask who runs it for one"
        raise errors.missing(f"the service has no provider for {kind}", why, fix, "")
    names = [one.name for one in fitting]
    if not ask:
        fix = f"add --provider {names[0]}, or another of them"
        raise errors.missing("nothing says which provider to sign in by", f"the service has {known}", fix, "")
    answer = questions.ask(
        f"sign in by {', '.join(names[:-1])} or {names[-1]}", names[0],
        lambda text: "" if text in names else f"it is one of {', '.join(names)}",
    )  # fmt: skip
    return next(one for one in fitting if one.name == answer)


def flow_of(offered: Sequence[str], wanted: str | None, environ: Mapping[str, str]) -> str:
    """Choose how to sign in at an OIDC provider.

    Args:
        offered: By the provider, the preferred one first.
        wanted: By the user, or None.
        environ: The process's environment.

    Returns:
        "loopback" where this machine has a browser, else "device", if it is offered.

    Raises:
        StandardsError: The provider does not offer what is wanted (kind missing), or there is no such way (option).
    """
    if wanted is not None and wanted not in FLOWS:
        problem = errors.Problem(f"--flow {wanted} is not allowed", "there is no such way to sign in",
                                 f"write one of {', '.join(FLOWS)}", "the argument --flow", "option")  # fmt: skip
        raise StandardsError([problem])
    if wanted is not None:
        if offered and wanted not in offered:
            fix = f"leave --flow out, or write --flow {offered[0]}"
            raise errors.missing(f"the provider does not offer {wanted}", f"it offers {', '.join(offered)}", fix,
                                 "the argument --flow")  # fmt: skip
        return wanted
    browser = sys.platform == "darwin" or bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))
    possible = [one for one in offered or FLOWS if one == "device" or browser]
    return possible[0] if possible else "loopback"


def port_of(wanted: str | None, preset: int) -> tuple[str | None, int]:
    """Split the port off "loopback:PORT".

    Args:
        wanted: By the user, or None.
        preset: What the provider's redirect URI has; 0 for any.

    Returns:
        The flow without a port, and the port.

    Raises:
        StandardsError: There is no such port (kind option).
    """
    found = _PORT.fullmatch(wanted or "")
    if found is None:
        return wanted, preset
    port = int(found[1])
    if not 0 < port <= _MOST_PORT:
        problem = errors.Problem(f"--flow {wanted} is not allowed", f"a port is 1 to {_MOST_PORT}",
                                 "write the port that is registered at the identity provider", "the argument --flow",
                                 "option")  # fmt: skip
        raise StandardsError([problem])
    return "loopback", port


def prove(
    provider: Any, at: str, flow: str | None, user: str | None, *, device_key: bytes, ask: bool, ca: str = ""
) -> Proof:
    """Get a proof.

    Args:
        provider: Of the service.
        at: The service, for people.
        flow: That the user wants, or None; "loopback:PORT" names the port of the redirect URI, too.
        user: That the user named, or None.
        device_key: Public key of this device, to which a token from the browser is bound.
        ask: Whether somebody can be asked.
        ca: File that the identity provider's certificate is checked with; empty for the system's.

    Returns:
        The proof.

    Raises:
        StandardsError: The identity provider refuses or is away, nobody can be asked for what is missing, or a user is
            named where none is asked for (option).
        KeyboardInterrupt: The user gave up.
    """
    if user is not None and provider.kind != "directory":
        why = f"{provider.name} asks itself who you are; a user name is for a directory"
        fix = "leave --user out, or name a directory with --provider"
        raise StandardsError([errors.Problem("--user is not allowed", why, fix, "the argument --user", "option")])
    if provider.kind == "oidc":
        flow, port = port_of(flow, provider.loopback_port)
        tokens = _oidc(provider, at, flow_of(provider.flows, flow, os.environ), proof.nonce(device_key), ca, port)
        return Proof(token=tokens.id_token, idp_token=tokens.refresh_token)
    if provider.kind == "workload":
        return Proof(token=_job_token(provider))
    name = _user(user, ask=ask)
    return Proof(user=name, password=_password(name, provider.name, ask=ask))


def _oidc(provider: Any, at: str, flow: str, nonce: str, ca: str, port: int) -> Tokens:
    from teamconfig.identity import deviceflow, discovery, loopback  # noqa: PLC0415  # httpx: only who signs in
    from teamconfig.identity.errors import IdentityError  # noqa: PLC0415
    from teamconfig.identity.tokenendpoint import SCOPES  # noqa: PLC0415

    try:
        found = discovery.discover(provider.issuer, ca=ca)
        client, scopes = provider.client_id, tuple(provider.scopes) or SCOPES
        if flow == "device":
            return deviceflow.sign_in(found, client, lambda prompt: _show_code(prompt, at), scopes=scopes, ca=ca)
        return loopback.sign_in(
            found, client, lambda url: _open(url, at), nonce=nonce, scopes=scopes, ca=ca, port=port
        )  # fmt: skip
    except IdentityError as err:
        raise StandardsError([_explained(err.problem, ca)]) from err


def _explained(problem: Problem, ca: str) -> Problem:
    """Say what to do where an identity provider's certificate is not trusted."""
    if "CERTIFICATE_VERIFY_FAILED" not in problem.why:
        return problem
    checked = ca or "the system's authorities"
    fix = f"its certificate was checked with {checked}: give the right authority with --identity-ca FILE"
    return replace(problem, fix=fix)


def _show_code(prompt: Prompt, at: str) -> None:
    """Show a code, and for whom it is: who confirms one that somebody else asked for lets them in."""
    _say(f"sign in to {at}, as {getpass.getuser()} on {socket.gethostname()}")
    _say(f"  open  {prompt.verification_uri}")
    _say(f"  type  {prompt.user_code}")
    _say(f"the code is good for {moments.span(prompt.expires_seconds)}; give it to nobody, and type none that you got")


def _open(url: str, at: str) -> None:
    import webbrowser  # noqa: PLC0415  # here only

    _say(f"sign in to {at}, as {getpass.getuser()} on {socket.gethostname()}, in the browser")
    _say(f"if none opens, go to {url}")
    webbrowser.open(url)


def _say(text: str) -> None:
    print(terminal.printable(text), file=sys.stderr, flush=True)


def _user(given: str | None, *, ask: bool) -> str:
    if given is not None:
        return given
    if not ask:
        raise errors.missing("nothing says who signs in", "nobody can be asked here", "add --user NAME", "")
    return questions.ask("user", getpass.getuser(), lambda text: "" if text else "type your user name")


def _password(user: str, provider: str, *, ask: bool) -> str:
    path = os.environ.get(PASSWORD_FILE, "")
    if path:
        found = _content(Path(path), PASSWORD_FILE).rstrip("\r\n")
    elif ask:
        found = getpass.getpass(terminal.printable(f"password of {user} at {provider}: "), sys.stderr)
    else:
        why, fix = "nobody can be asked here", f"set {PASSWORD_FILE} to a file that holds it"
        raise errors.missing(f"the password of {user} is not known", why, fix, "")
    if not found:
        raise errors.missing(f"the password of {user} is empty", "no directory takes that", "type it", path)
    return found


def _job_token(provider: Any) -> str:
    path = os.environ.get(TOKEN_FILE, "")
    found = os.environ.get(TOKEN, "").strip() or (_content(Path(path), TOKEN_FILE).strip() if path else "")
    if found:
        return found
    why = f"neither {TOKEN} nor {TOKEN_FILE} is set"
    fix = f"have the CI system make one for audience {provider.audience}, and set {TOKEN} to it"
    raise errors.missing("the job's ID token is not known", why, fix, "the environment")


def _content(path: Path, variable: str) -> str:
    try:
        with path.expanduser().open("rb") as file:
            return file.read(_MOST_BYTES).decode()
    except (OSError, UnicodeDecodeError) as err:
        why = (getattr(err, "strerror", None) or "it is not UTF-8").lower()
        raise errors.missing(f"{path} cannot be read", why, f"correct {variable}", variable) from err
