"""How to reach an API server: kubeconfig files and the service account of a pod.

Understands what `kubectl config` writes: several files in KUBECONFIG, client
certificates, tokens and token files, basic authentication, credential plugins
(exec), TLS server names. Not understood, and refused by name: the auth-provider
entries that Kubernetes removed in 1.26, and proxy-url.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from team_k8s.kubeentry import FIX, Entry, listing, mapping
from waypaas_sdk.errors import MissingError, PolicyError, StateError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
CREDENTIAL_PLUGIN_SECONDS = 60


@dataclass(frozen=True)
class Access:
    """A cluster, and the right to speak to it.

    Args:
        server: URL of the API server.
        namespace: To work in.
        context: Of the kubeconfig; empty in a cluster.
        kubeconfig: Path of the file as it was given; empty for the usual places.
        in_cluster: By the service account of this pod.
        headers: That carry the credentials; never shown.
        tls: Certificates; None for plain HTTP.
        server_name: That the server's certificate has to show, if not the host's.
        service: Address of the team config service that gave the credentials; empty for the user's own.
        renew_at: When to renew them, seconds since 1970; 0 for never.
        renew: Gets the same access with fresh credentials.
    """

    server: str
    namespace: str
    context: str = ""
    kubeconfig: str = ""
    in_cluster: bool = False
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    server_name: str = ""
    service: str = ""
    renew_at: float = 0.0
    renew: Callable[[], Access] | None = field(default=None, repr=False, compare=False)


def load(
    kubeconfig: str = "", context: str = "", namespace: str = "", environ: Mapping[str, str] = os.environ
) -> Access:
    """Find a cluster and the credentials for it.

    Args:
        kubeconfig: Path of a file; empty for a pod's service account, else KUBECONFIG, else ~/.kube/config.
        context: Of the file; empty for the current one.
        namespace: Empty for that of the context, or of the pod.
        environ: The process's environment.

    Returns:
        The access.

    Raises:
        MissingError: There is no file, or no such context, cluster or user in it.
        StateError: The file is broken or asks for what we do not understand.
        PolicyError: A credential plugin gave no credentials.
    """
    if not kubeconfig and not context and "KUBERNETES_SERVICE_HOST" in environ and (SERVICE_ACCOUNT / "token").exists():
        return _in_cluster(namespace, environ)
    paths = [Path(kubeconfig).expanduser()] if kubeconfig else _usual_places(environ)
    config = _merge([path for path in paths if path.exists()])
    if not config.entries["contexts"]:
        raise MissingError(
            f"no kubeconfig in {', '.join(map(str, paths))}",
            why="without one there is no cluster to deploy to",
            fix="log in to the cluster, or set the standard kubernetes.kubeconfig",
        )
    chosen = context or config.current
    entry = _named(config, "contexts", chosen)
    cluster = _named(config, "clusters", entry.text("cluster", required=True))
    user = _named(config, "users", name) if (name := entry.text("user")) else Entry({}, entry.path, "users")
    if cluster.text("proxy-url"):
        raise cluster.broken("proxy-url", f"context {chosen} wants a proxy, which team-k8s does not use")
    server = cluster.text("server", required=True)
    if not server.startswith(("https://", "http://")):
        raise cluster.broken("server", "it must begin with https:// or http://")
    if "@" in server:
        raise cluster.broken("server", "it must not hold a name or password; the user's entry does")
    headers, certificate = _credentials(user, cluster, chosen)
    return Access(
        server=server.rstrip("/"),
        namespace=namespace or entry.text("namespace") or "default",
        context=chosen,
        kubeconfig=kubeconfig,
        headers=headers,
        tls=_tls(cluster, user, certificate) if server.startswith("https") else None,
        server_name=cluster.text("tls-server-name"),
    )


def _usual_places(environ: Mapping[str, str]) -> list[Path]:
    listed = [Path(part) for part in environ.get("KUBECONFIG", "").split(os.pathsep) if part]
    return listed or [Path(environ.get("HOME") or "~").expanduser() / ".kube" / "config"]


def _in_cluster(namespace: str, environ: Mapping[str, str]) -> Access:
    import ssl  # noqa: PLC0415  # cloud calls only

    host, port = environ["KUBERNETES_SERVICE_HOST"], environ.get("KUBERNETES_SERVICE_PORT", "443")
    host = f"[{host}]" if ":" in host else host
    return Access(
        server=f"https://{host}:{port}",
        namespace=namespace or (SERVICE_ACCOUNT / "namespace").read_text().strip(),
        in_cluster=True,
        headers=_bearer((SERVICE_ACCOUNT / "token").read_text().strip()),
        tls=ssl.create_default_context(cafile=str(SERVICE_ACCOUNT / "ca.crt")),
    )


@dataclass(frozen=True)
class _Config:
    """What all files say together: entries by section and name."""

    current: str
    entries: Mapping[str, Mapping[str, Entry]]
    paths: list[Path]


SECTIONS = {"contexts": "context", "clusters": "cluster", "users": "user"}
"""Of a file, with the key that holds an entry's fields."""


def _merge(paths: list[Path]) -> _Config:
    """Merge files as kubectl does: the first that names a thing holds."""
    current = ""
    merged: dict[str, dict[str, Entry]] = {section: {} for section in SECTIONS}
    for path in paths:
        config = Entry(_parse(path), path, "")
        current = current or Entry(config.values, path, "kubeconfig").text("current-context")
        for section, inner in SECTIONS.items():
            for number, item in enumerate(listing(config.values.get(section), path, section)):
                key = f"{section}[{number}]"
                name = Entry(mapping(item, path, key), path, key).text("name", required=True)
                key = f"{section}.{name}"
                merged[section].setdefault(name, Entry(mapping(item.get(inner), path, f"{key}.{inner}"), path, key))
    return _Config(current, merged, paths)


def _parse(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as err:
        why = getattr(err, "strerror", None) or "it is no text"
        raise StateError("a kubeconfig cannot be read", why=why, fix=FIX, where=str(path)) from None
    try:
        config = json.loads(text)
    except ValueError:
        config = _yaml(text, path)
    if not isinstance(config, dict):
        raise StateError("a kubeconfig is empty or no mapping", fix=FIX, where=str(path))
    return config


def _yaml(text: str, path: Path) -> Any:
    import yaml  # noqa: PLC0415  # 50 ms, and many kubeconfigs are JSON

    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as err:
        # Its own text quotes the file, and so may show a token.
        mark = getattr(err, "problem_mark", None)
        where = f"{path}, line {mark.line + 1}" if mark else str(path)
        raise StateError("a kubeconfig is not valid YAML", fix=FIX, where=where) from None


def _named(config: _Config, section: str, name: str) -> Entry:
    try:
        return config.entries[section][name]
    except KeyError:
        known = ", ".join(sorted(config.entries[section])) or "none"
        raise MissingError(
            f"the kubeconfig has no {SECTIONS[section]} {name!r}",
            why=f"it has: {known}",
            fix="log in to that cluster, or mend the standard kubernetes.context",
            where=f"{', '.join(map(str, config.paths))}, {section}",
        ) from None


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _credentials(user: Entry, cluster: Entry, context: str) -> tuple[dict[str, str], tuple[bytes, bytes] | None]:
    """Give headers and, where there is one, a client certificate with its key, in PEM."""
    if user.values.get("auth-provider"):
        raise StateError(
            f"context {context} uses an auth-provider, which Kubernetes removed",
            fix="log in again with a present version of your provider's tool; it writes an exec entry",
            where=f"{user.path}, {user.key}.auth-provider",
        )
    plugin = user.part("exec")
    if plugin is not None:
        return _run_credential_plugin(plugin, cluster, context)
    headers: dict[str, str] = {}
    if user.text("tokenFile"):
        headers = _bearer(user.read("tokenFile").decode("utf-8", "replace").strip())
    elif user.text("token"):
        headers = _bearer(user.text("token"))
    elif user.text("username"):
        pair = base64.b64encode(f"{user.text('username')}:{user.text('password')}".encode()).decode()
        headers = {"Authorization": f"Basic {pair}"}
    cert, key = user.data("client-certificate"), user.data("client-key")
    if bool(cert) != bool(key):
        raise user.broken("client-key" if cert else "client-certificate", "a client certificate needs both")
    return headers, (cert, key) if cert else None


def _run_credential_plugin(
    plugin: Entry, cluster: Entry, context: str
) -> tuple[dict[str, str], tuple[bytes, bytes] | None]:
    """Run a credential plugin by the client.authentication.k8s.io protocol and give what it gave."""
    info: dict[str, Any] = {
        "apiVersion": plugin.text("apiVersion", required=True),
        "kind": "ExecCredential",
        "spec": {"interactive": False},
    }
    if plugin.values.get("provideClusterInfo"):
        info["spec"]["cluster"] = {
            "server": cluster.text("server"),
            "certificate-authority-data": base64.b64encode(cluster.data("certificate-authority")).decode(),
        }
    environ = dict(os.environ) | {
        entry.text("name", required=True): entry.text("value") for entry in plugin.parts("env")
    }
    environ["KUBERNETES_EXEC_INFO"] = json.dumps(info)
    program = plugin.text("command", required=True)
    if os.sep in program:  # as kubectl: a path is relative to the kubeconfig, a name is looked up in PATH
        program = str(plugin.path.absolute().parent / program)
    command = [program, *plugin.texts("args")]
    try:
        done = subprocess.run(  # noqa: S603  # what the user's own kubeconfig names
            command, env=environ, capture_output=True, timeout=CREDENTIAL_PLUGIN_SECONDS, check=True
        )
        return _given(json.loads(done.stdout)["status"])
    except FileNotFoundError as err:
        hint = plugin.text("installHint").strip().partition("\n")[0] or f"install {program}"
        where = f"{plugin.path}, {plugin.key}.command"
        raise MissingError(f"context {context} needs the program {program}", fix=hint, where=where) from err
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError, AttributeError):
        # Not chained: the original quotes the arguments or the output, and so may show a token.
        shown = [program, *(word for word in command[1:2] if not word.startswith("-"))]
        raise PolicyError(
            f"{program} gave no credentials for context {context}",
            fix=f"run `{' '.join(shown)}` yourself to see why; perhaps log in again",
            where=f"{plugin.path}, {plugin.key}",
        ) from None


def _given(status: Any) -> tuple[dict[str, str], tuple[bytes, bytes] | None]:
    """Take the credentials out of a plugin's answer; raises KeyError or TypeError where there are none."""
    headers = _bearer(status["token"]) if status.get("token") else {}
    certificate = None
    if status.get("clientCertificateData") or not headers:
        certificate = (status["clientCertificateData"].encode(), status["clientKeyData"].encode())
    return headers, certificate


def _tls(cluster: Entry, user: Entry, certificate: tuple[bytes, bytes] | None) -> ssl.SSLContext:
    import ssl  # noqa: PLC0415  # cloud calls only

    try:
        context = ssl.create_default_context(cadata=cluster.data("certificate-authority").decode() or None)
    except ValueError as err:  # ssl.SSLError is an OSError: it is below
        raise cluster.broken("certificate-authority", "it must hold certificates in PEM") from err
    except ssl.SSLError as err:
        raise cluster.broken("certificate-authority", f"it must hold certificates in PEM: {err.reason}") from err
    if cluster.values.get("insecure-skip-tls-verify"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if certificate is not None:
        # ssl reads certificates from files only; this one is ours alone and gone at once.
        with tempfile.NamedTemporaryFile() as pem:
            pem.write(certificate[0] + b"\n" + certificate[1])
            pem.flush()
            try:
                context.load_cert_chain(pem.name, password=_no_password)
            except (ssl.SSLError, ValueError) as err:
                why = "it must be a certificate and its key, without a password, in PEM"
                raise user.broken("exec" if user.part("exec") else "client-certificate", why) from err
    return context


def _no_password() -> str:
    """Refuse a key with a password: the default would ask for it at a terminal that nobody sees."""
    raise ValueError("the key has a password")
