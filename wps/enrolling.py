"""A session at the team config service: opened for a key that is made here, kept, and the one before it ended."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from teamconfig import StandardsError, errors
from wps import connection, signingin, terminal

if TYPE_CHECKING:
    from teamconfig.client.vault import Session, Vault
    from teamconfig.settings import Settings

_OPEN_SECONDS = 15.0
_PROBE_SECONDS = 5.0
_NAME = 64
_KEY_DIGITS = 64


@dataclass(frozen=True, slots=True)
class Wishes:
    """How the user wants to sign in.

    Args:
        provider: Name of the provider, or None.
        flow: "device" or "loopback", or None.
        user: Name in a directory, or None.
        ask: Whether somebody can be asked.
        trust_new_key: Whether keys of the service that are not known are taken.
    """

    provider: str | None
    flow: str | None
    user: str | None
    ask: bool
    trust_new_key: bool


def enrol(found: Settings, wishes: Wishes) -> Vault:
    """Sign in, and keep the session.

    Args:
        found: Names the service.
        wishes: How.

    Returns:
        The vault that keeps it; its `fallback` says so if there is no keyring.

    Raises:
        StandardsError: It is refused, or something is away; then the machine keeps what it had.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415  # 60 ms

    from teamconfig.client import authorities  # noqa: PLC0415  # as grpc
    from teamconfig.client.channel import Channel  # noqa: PLC0415
    from teamconfig.client.vault import Session, Vault  # noqa: PLC0415

    vault = Vault(found.service, os.environ)
    before = _before(vault)
    ca = authorities.of_identity(found.identity_authority, found.where)
    key = Ed25519PrivateKey.generate()
    channel = Channel(found, key.private_bytes_raw())
    try:
        offered = _offered(channel, found)
        shown = tuple(one.hex() for one in offered.signing_keys)
        keys, serial = _trusted(vault, shown, found.service, anew=wishes.trust_new_key)
        provider = signingin.choose(offered.providers, wishes.provider, os.environ, ask=wishes.ask)
        at = f"{offered.organization} at {found.service}" if offered.organization else found.service
        device = key.public_key().public_bytes_raw()
        proof = signingin.prove(provider, at, wishes.flow, wishes.user, device_key=device, ask=wishes.ask, ca=ca)
        made = channel.call("Sessions/Open", _request(provider, proof, key), deadline=_OPEN_SECONDS)
    finally:
        channel.close()
    session = Session(
        device_key=key.private_bytes_raw().hex(),
        access_token=made.access_token,
        access_expires=made.access_expires,
        refresh_token=made.refresh_token,
        refresh_expires=made.refresh_expires,
        provider=provider.name,
        idp_token=proof.idp_token,
        issuer=provider.issuer if proof.idp_token else "",
        client_id=provider.client_id,
        certificate_authority=found.certificate_authority,
        identity_authority=found.identity_authority,
        principal=f"{made.principal.issuer}|{made.principal.subject}",
        name=made.principal.name,
        signing_keys=keys,
        serial=serial,
    )
    if before is not None:
        end(found)
    with vault.locked():
        vault.save(session)
    return vault


def end(found: Settings) -> None:
    """End the session that is kept; one that is over, or a service that is away, does no harm.

    Args:
        found: Names the service.
    """
    try:
        with connection.signed_in(found) as service:
            service.call("Sessions/Close", connection.message("sessions_pb2.CloseRequest"))
    except StandardsError:
        pass  # it ends by itself


def _before(vault: Vault) -> Session | None:
    """Give the session of before; what cannot be used is told, and replaced."""
    try:
        return vault.load()
    except StandardsError as err:
        problem = err.problems[0]
        terminal.note(f"{problem.what}: {problem.why}. It is replaced; end others with: wps logout --everywhere")
        return None


def _offered(channel: Any, found: Settings) -> Any:
    """Ask how one signs in; where TLS fails, say what would help."""
    from teamconfig.client.errors import UnreachableError  # noqa: PLC0415  # as grpc

    try:
        return channel.call("Sessions/GetSignIn", connection.message("sessions_pb2.GetSignInRequest"))
    except UnreachableError as err:
        why, fix = err.problems[0].why, f"check {found.where}, the network, and whether the service runs"
        distrusted = _distrusted(found)
        if distrusted:
            checked = found.certificate_authority or "the system's authorities"
            why = f"its certificate is not one that you trust: {distrusted}"
            fix = f"it was checked with {checked}: give the right authority with --ca FILE"
        err.problems = (replace(err.problems[0], why=why, fix=fix),)
        raise


def _distrusted(found: Settings) -> str:
    """Say what is wrong with a service's certificate; gRPC tells only of the last of several addresses."""
    import ssl  # noqa: PLC0415  # only where a connection has failed

    host, _, port = found.service.rpartition(":")
    try:
        context = ssl.create_default_context(cafile=found.certificate_authority or None)
        with (
            socket.create_connection((host.strip("[]"), int(port)), timeout=_PROBE_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=host.strip("[]")),
        ):
            return ""
    except ssl.SSLCertVerificationError as err:
        return str(err.verify_message)
    except (OSError, ValueError):
        return ""


def _trusted(vault: Vault, keys: tuple[str, ...], address: str, *, anew: bool) -> tuple[tuple[str, ...], int]:
    """Compare the service's keys with those of the first time.

    Args:
        vault: Keeps them.
        keys: As it shows them now.
        address: Of the service.
        anew: Take them whatever is known.

    Returns:
        The keys to trust from now on, those of the first time where there are any, and the highest serial of standards
        seen so far; 0 where they are trusted anew.
    """
    if not keys or any(len(one) != _KEY_DIGITS for one in keys):
        what = f"the service {address} shows no signing key"
        why = "what it sends could not be told from what somebody else sends"
        raise errors.state(what, why, "tell whoever runs it", "")
    if anew:
        return keys, 0
    known, serial = vault.trusted()
    if known and not set(keys) <= set(known):
        raise errors.state(
            f"the service {address} shows another signing key than before",
            f"it was {known[0][:16]}..., now it is {keys[0][:16]}...: the service was set up anew, "
            "or somebody stands between you and it",
            "ask the platform team; if they changed the key, run `wps init --trust-new-key`",
            str(vault.directory),
        )
    return (known, serial) if known else (keys, 0)


def _request(provider: Any, proof: signingin.Proof, key: Any) -> Any:
    name = "".join(sign for sign in socket.gethostname() if sign.isprintable())[:_NAME]
    given: dict[str, Any] = {"token": proof.token}
    if not proof.token:
        given = {"password": connection.message("sessions_pb2.Password", user=proof.user, password=proof.password)}
    return connection.message(
        "sessions_pb2.OpenRequest",
        provider=provider.name,
        device_key=key.public_key().public_bytes_raw(),
        device_name=name,
        **given,
    )
