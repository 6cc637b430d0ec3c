"""The service's own configuration: service.yaml, read and checked, every problem at once.

What belongs to identity or credentials is handed on as it stands: `providers`,
`clusters` and `accounts` are read by those rooms.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from teamconfig import errors, units, yamlfile
from teamconfig.errors import Problem, StandardsError
from teamconfig.identity import web
from teamconfig.keys import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from teamconfig.yamlfile import Node

_KEYS = (
    "listen", "tls", "standards", "poll", "allowed_signers", "database", "state_directory", "checkpoints",
    "providers", "clusters", "accounts", "metrics", "traces", "profile_max_age", "calls_per_second", "signers",
    "groups_max_age",
)  # fmt: skip

MOST_GROUPS_SECONDS = 3600.0


@dataclass(frozen=True)
class Config:
    """How a service runs.

    Args:
        path: Of the file.
        listen: "host:port".
        certificate: PEM chain; None only on loopback.
        key: PEM key of the certificate.
        standards: Address as in WAYPAAS_STANDARDS.
        poll_seconds: Between two looks at the standards.
        allowed_signers: File of keys that commits must be signed with, or None.
        database: SQLAlchemy URL.
        state_directory: Holds the service's keys and, by default, its database; 0700.
        checkpoints: Directory for the audit's checkpoints, on another disk if there is one.
        providers: As written.
        clusters: As written.
        accounts: As written.
        metrics: "host:port" of Prometheus' page; empty for none.
        traces: URL of an OpenTelemetry collector; empty for none.
        profile_seconds: How long a signed profile holds.
        calls_per_second: That one principal may make.
        signers: Ids of groups, by name in allowed_signers.
        groups_seconds: Age up to which groups count outside of production.
    """

    path: Path
    listen: str
    certificate: Path | None
    key: Path | None
    standards: str
    poll_seconds: float
    allowed_signers: Path | None
    database: str
    state_directory: Path
    checkpoints: Path
    providers: Any
    clusters: Any
    accounts: Any
    metrics: str
    traces: str
    profile_seconds: int
    calls_per_second: float
    signers: Mapping[str, Sequence[str]]
    groups_seconds: float


def read(path: Path) -> Config:
    """Read a service.yaml.

    Args:
        path: Of the file; paths in it are relative to its directory.

    Returns:
        The configuration.

    Raises:
        StandardsError: The file is missing or wrong (kind state); carries every problem.
    """
    try:
        content = path.read_bytes()
    except OSError as err:
        why = (err.strerror or "the operating system refuses").lower()
        fix = "name the file: wps serve --config service.yaml; docs/service/README.md has an example"
        raise errors.state(f"{path} cannot be read", why, fix, str(path)) from err
    root, problems = yamlfile.read(content, str(path))
    values = _plain(root)
    if problems:
        raise StandardsError(problems)
    if not isinstance(values, dict):
        raise errors.state(f"{path} is not a map of keys", "it holds keys and values", "see docs/service", str(path))
    return _Reader(path, values).config()


class _Reader:
    def __init__(self, path: Path, values: dict[str, Any]) -> None:
        self.path = path
        self.values = values
        self.problems: list[Problem] = []

    def refuse(self, what: str, why: str, fix: str) -> None:
        self.problems.append(Problem(what, why, fix, str(self.path)))

    def text(self, key: str, preset: str = "") -> str:
        found = self.values.get(key, preset)
        if isinstance(found, str):
            return found.strip()
        self.refuse(f"{key} is not a text", "it is one value", f"write {key}: ...")
        return preset

    def file(self, key: str, preset: str = "") -> Path | None:
        found = self.text(key, preset)
        return (self.path.parent / Path(found).expanduser()).absolute() if found else None

    def seconds(self, key: str, preset: str) -> float:
        try:
            return units.parse_duration(self.text(key, preset)).total_seconds()
        except units.UnitError as err:
            self.refuse(f"{key}: {self.values.get(key)} is not allowed", err.why, f"write {key}: {err.example}")
            return 0.0

    def number(self, key: str, preset: str) -> float:
        text = self.text(key, preset)
        try:
            found = float(text)
        except ValueError:
            found = 0.0
        if not 0 < found < 1e6:  # noqa: PLR2004  # also refuses nan
            self.refuse(f"{key}: {text} is not allowed", "it is a number above 0", f"write {key}: {preset}")
        return found

    def config(self) -> Config:
        for key in self.values:
            if key not in _KEYS:
                close = nearest(key, _KEYS)
                fix = f"write {close}" if close else f"use one of {', '.join(_KEYS)}"
                self.refuse(f"unknown key {key}", "service.yaml has no such key", fix)
        listen = self.text("listen", "127.0.0.1:7443")
        certificate, certificate_key = self._tls(listen)
        state = self.file("state_directory", "state") or self.path.parent
        standards = self.text("standards")
        if not standards:
            self.refuse("standards is missing", "the service serves them", "write standards: git+URL#main")
        config = Config(
            path=self.path,
            listen=listen,
            certificate=certificate,
            key=certificate_key,
            standards=standards,
            poll_seconds=self.seconds("poll", "15s"),
            allowed_signers=self.file("allowed_signers"),
            database=self.text("database") or f"sqlite:///{state}/service.db",
            state_directory=state,
            checkpoints=self.file("checkpoints") or state / "checkpoints",
            providers=self.values.get("providers") or [],
            clusters=self.values.get("clusters") or {},
            accounts=self.values.get("accounts") or {},
            metrics=self.text("metrics"),
            traces=self.text("traces"),
            profile_seconds=int(self.seconds("profile_max_age", "24h")),
            calls_per_second=self.number("calls_per_second", "50"),
            signers=self._signers(),
            groups_seconds=self.seconds("groups_max_age", "5m"),
        )
        if not 0 < config.groups_seconds <= MOST_GROUPS_SECONDS:
            why = "who leaves the company would keep their rights for longer than an hour"
            self.refuse(f"groups_max_age: {self.values.get('groups_max_age')} is not allowed", why, "write at most 1h")
        if self.problems:
            raise StandardsError(self.problems)
        return config

    def _signers(self) -> dict[str, list[str]]:
        found = self.values.get("signers") or {}
        groups = list(found.values()) if isinstance(found, dict) else [None]
        if all(isinstance(one, list) and all(isinstance(name, str) for name in one) for one in groups):
            return found
        self.refuse("signers is not allowed", "it is lists of groups by name", "write signers: {NAME: [GROUP]}")
        return {}

    def _tls(self, listen: str) -> tuple[Path | None, Path | None]:
        host, colon, port = listen.rpartition(":")
        if not colon or not port.isdecimal() or int(port) > 65535:  # noqa: PLR2004  # ports
            self.refuse(f"listen: {listen} is not allowed", "it is host:port", "write listen: 0.0.0.0:7443")
            return None, None
        tls = self.values.get("tls")
        if tls == "off":
            if not web.is_loopback(host.strip("[]")):
                self.refuse(
                    "tls: off is not allowed", f"{host} is not a loopback address", "give tls: {certificate, key}"
                )
            return None, None
        if not isinstance(tls, dict) or set(tls) != {"certificate", "key"}:
            fix = "write tls: {certificate: server.crt, key: server.key}, or tls: off on a loopback address"
            self.refuse("tls is missing", "nothing is served without it", fix)
            return None, None
        home = self.path.parent
        return home / Path(str(tls["certificate"])).expanduser(), home / Path(str(tls["key"])).expanduser()


def _plain(node: Node | None) -> Any:
    """Turn nodes into plain maps, lists and texts."""
    if node is None:
        return None
    if isinstance(node.value, dict):
        return {name: _plain(value) for name, value, _ in node.items()}
    if isinstance(node.value, list):
        return [_plain(item) for item in node.value]
    words: dict[str | None, bool] = {"true": True, "false": False}
    return words.get(node.value, node.value) if node.plain else node.value
