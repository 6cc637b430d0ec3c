"""The server: every part built from the configuration, started, watched, and stopped without losing a call."""

from __future__ import annotations

import asyncio
import contextlib
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf import message_factory
from grpc_health.v1 import health_pb2_grpc

from teamconfig import errors
from teamconfig.credentials import config as credentials_config
from teamconfig.gen.waypaas.v1 import audit_pb2, releases_pb2, rights_pb2, sessions_pb2, standards_pb2
from teamconfig.identity import providers as identity_providers
from teamconfig.identity.identities import Identities
from teamconfig.service import (
    audit,
    chains,
    evidence,
    health,
    housekeeping,
    keys,
    leasing,
    limits,
    locks,
    promotions,
    redeeming,
    releases,
    rights,
    sessions,
    standards,
    tls,
)
from teamconfig.service.core import Core
from teamconfig.service.frame import Frame, decoder
from teamconfig.service.providers import Provider
from teamconfig.service.refusal import Refusal
from teamconfig.service.revisions import Directory, Revisions
from teamconfig.service.taking import Taking
from teamconfig.service.telemetry import LOG, Metrics, Traces
from teamconfig.state import checkpoints, database
from teamconfig.state.writer import Writer
from teamconfig.store import git
from teamconfig.store.history import History

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from teamconfig.credentials.config import Clouds
    from teamconfig.service.config import Config
    from teamconfig.service.issuing import Issuer

HANDLERS: Mapping[str, Any] = {
    "Sessions/GetSignIn": sessions.get_sign_in,
    "Sessions/Open": sessions.open_session,
    "Sessions/Refresh": sessions.refresh,
    "Sessions/Close": sessions.close,
    "Sessions/WhoAmI": sessions.who_am_i,
    "Standards/Resolve": standards.resolve_profile,
    "Standards/Explain": standards.explain_profile,
    "Standards/ExplainRight": standards.explain_right,
    "Standards/RegisterProject": standards.register_project,
    "Standards/ListProjects": standards.list_projects,
    "Standards/GetStatus": standards.get_status,
    "Rights/RequestGrant": rights.request_grant,
    "Rights/ApproveGrant": rights.approve_grant,
    "Rights/GetGrant": rights.get_grant,
    "Rights/RedeemGrant": redeeming.redeem_grant,
    "Rights/IssueCredentials": rights.issue_credentials,
    "Rights/CloseLease": leasing.close_lease,
    "Rights/PutLock": locks.put_lock,
    "Rights/RemoveLock": locks.remove_lock,
    "Rights/ListLocks": locks.list_locks,
    "Releases/PutRecord": releases.put_record,
    "Releases/ListRecords": releases.list_records,
    "Releases/GetRecord": releases.get_record,
    "Releases/GetChain": chains.get_chain,
    "Releases/ListRunning": releases.list_running,
    "Releases/PutEvidence": evidence.put_evidence,
    "Releases/ListEvidence": evidence.list_evidence,
    "Releases/Reject": promotions.reject,
    "Releases/Unreject": promotions.unreject,
    "Releases/ListRejections": promotions.list_rejections,
    "Releases/PutHold": promotions.put_hold,
    "Releases/LiftHold": promotions.lift_hold,
    "Releases/Waive": promotions.waive,
    "Releases/ListWaivers": promotions.list_waivers,
    "Releases/GetPlace": promotions.get_place,
    "Releases/BeginPromotion": promotions.begin_promotion,
    "Releases/StepPromotion": promotions.step_promotion,
    "Releases/FinishPromotion": promotions.finish_promotion,
    "Releases/AbandonPromotion": promotions.abandon_promotion,
    "Audit/Read": audit.read,
    "Audit/Verify": audit.verify,
}
"""Handler by method; a method of the contract without one fails the start."""

GRACE_SECONDS = 20.0
"""How long calls that run may take when the service is stopped."""

_OPTIONS = (
    ("grpc.so_reuseport", 0),  # else a second process would take a part of the calls, unnoticed
    ("grpc.max_receive_message_length", limits.MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", limits.MAX_ANSWER_BYTES),
    ("grpc.max_metadata_size", limits.MAX_METADATA_BYTES),
    ("grpc.max_concurrent_streams", 64),
    ("grpc.max_connection_age_ms", 30 * 60 * 1000),
    ("grpc.max_connection_age_grace_ms", 60 * 1000),
    ("grpc.max_connection_idle_ms", 15 * 60 * 1000),
    ("grpc.http2.min_ping_interval_without_data_ms", 60 * 1000),
    ("grpc.http2.max_ping_strikes", 3),
    ("grpc.keepalive_time_ms", 60 * 1000),
    ("grpc.keepalive_timeout_ms", 20 * 1000),
)


@contextlib.asynccontextmanager
async def running(config: Config) -> AsyncIterator[tuple[Core, str]]:
    """Run a service.

    Args:
        config: Read from service.yaml.

    Yields:
        Its core, and "host:port" where it listens.

    Raises:
        StandardsError: It cannot start; says why and how to mend it.
        StateError: The database cannot be used.
    """
    async with contextlib.AsyncExitStack() as stack:
        core = await asyncio.to_thread(_core, config, stack)
        servicer = health.Health()
        server = grpc.aio.server(options=_OPTIONS, maximum_concurrent_rpcs=limits.MAX_CALLS_AT_ONCE * 2)
        health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
        _add(server, Frame(core, {f"/waypaas.v1.{name}": handler for name, handler in HANDLERS.items()}))
        address = _listen(server, config, core)
        tasks = [asyncio.create_task(health.watch(core, servicer)), asyncio.create_task(housekeeping.run(core))]
        with contextlib.suppress(Refusal):  # health tells
            await core.refresh_facts()  # else the first calls would be refused
        await server.start()
        LOG.info("listening", extra={"address": address, "revision": _name(core)})
        try:
            yield core, address
        finally:
            await servicer.enter_graceful_shutdown()
            await server.stop(GRACE_SECONDS)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def _core(config: Config, stack: contextlib.AsyncExitStack) -> Core:
    """Build everything that calls share; what was opened is closed by the stack, the last first."""
    audit_key = keys.audit(config.state_directory)
    kept = database.open(config.database)
    stack.callback(kept.close)
    kept.upgrade()
    keys.insist(config.state_directory, kept)
    key = keys.signing(config.state_directory)
    config.checkpoints.mkdir(parents=True, exist_ok=True, mode=0o700)
    sink = checkpoints.Sink(str(config.checkpoints), keys.signer(key, kept, audit_key, Core.clock))
    pointer = checkpoints.Checkpointer(sink)
    stack.callback(pointer.close)
    writer = Writer(kept, audit_key, newest=sink.newest(), on_commit=pointer.note)
    stack.callback(writer.close)
    retired = keys.take(key, audit_key, writer, Core.clock)
    metrics, traces = Metrics(), Traces(config.traces)
    stack.callback(traces.close)
    source = _source(config)
    core_now = Core.clock
    taking = Taking(source, kept, writer, config.signers, core_now, signed=config.allowed_signers is not None)
    revisions = Revisions(source, taking.check, config.standards, taking.serial, core_now)
    revisions.look()
    before = taking.last() if revisions.current is None else None
    if before is not None:
        revisions.resume(before.name, before.commit)
    stack.callback(revisions.close)
    identities = Identities(identity_providers.read(config.providers, str(config.path)), core_now)
    stack.callback(identities.close)
    known = {name: Provider(settings, identities) for name, settings in identities.settings.items()}
    clouds = credentials_config.read(config.clusters, config.accounts, config.path)
    issuers = _issuers(clouds, str(config.path))
    core = Core(
        config, kept, writer, revisions, key, known, issuers, metrics, traces, audit_key, sink, pointer
    )  # fmt: skip
    core.retired = retired
    stack.callback(core.close)
    revisions.follow(config.poll_seconds, lambda: None)
    if config.metrics:
        page = metrics.serve(config.metrics)
        stack.callback(page.shutdown)
    return core


def _issuers(clouds: Clouds, where: str) -> dict[str, Issuer]:
    """Build what gives credentials; the client of a cloud that nobody uses is not loaded."""
    found: dict[str, Issuer] = {}
    if clouds.clusters:
        from teamconfig.service import clusters  # noqa: PLC0415  # the client costs 0.5 s

        clusters.check(clouds, where)
        found["kubernetes"] = clusters.KubernetesIssuer(clouds)
    if clouds.accounts:
        from teamconfig.service.accounts import AwsIssuer  # noqa: PLC0415  # boto3 costs 0.6 s

        found["aws"] = found["ecr"] = AwsIssuer(clouds)
    return found


def _source(config: Config) -> Directory | History:
    base = config.path.parent
    if config.standards.startswith("git+"):
        place = git.location(config.standards, base)
        if config.allowed_signers is None and not git.is_authenticated(place):
            why = "whoever stands between could change them: neither the connection nor the commits prove where from"
            fix = "write git+https:// or git+ssh://, or give allowed_signers"
            raise errors.state(f"standards {place} are not allowed", why, fix, str(config.path))
        return History(place, dict(os.environ), config.allowed_signers)
    if config.allowed_signers is not None:
        why, where = "only commits are signed", str(config.path)
        raise errors.state("allowed_signers is not allowed", why, "write standards: git+URL#main", where)
    return Directory((base / Path(config.standards).expanduser()).absolute())


def _listen(server: grpc.aio.Server, config: Config, core: Core) -> str:
    made = tls.credentials(config)
    host, _, port = config.listen.rpartition(":")
    try:
        if made is None:
            bound = server.add_insecure_port(config.listen)
        else:
            core.certificates = made[1]
            bound = server.add_secure_port(config.listen, made[0])
    except RuntimeError as err:
        why = "another process listens there, or it is no address of this machine"
        fix = "stop that process, or choose another `listen`"
        raise errors.state(f"{config.listen} cannot be listened on", why, fix, str(config.path)) from err
    return f"{host}:{bound or port}"


def _add(server: grpc.aio.Server, frame: Frame) -> None:
    """Add every method of the contract."""
    for module in (sessions_pb2, standards_pb2, rights_pb2, releases_pb2, audit_pb2):
        for service in module.DESCRIPTOR.services_by_name.values():
            added = {}
            for method in service.methods:
                name = f"{service.name}/{method.name}"
                if name not in HANDLERS:
                    raise RuntimeError(f"{name} has no handler")
                added[method.name] = grpc.unary_unary_rpc_method_handler(
                    partial(frame.answer, f"/{service.full_name}/{method.name}"),
                    request_deserializer=decoder(message_factory.GetMessageClass(method.input_type)),
                    response_serializer=message_factory.GetMessageClass(method.output_type).SerializeToString,
                )
            server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service.full_name, added),))


def _name(core: Core) -> str:
    return core.revisions.current.name if core.revisions.current is not None else "none"
