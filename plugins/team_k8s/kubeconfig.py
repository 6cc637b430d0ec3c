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

from waypaas_sdk.errors import MissingError, PolicyError, StateError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

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
    """

    server: str
    namespace: str
    context: str = ""
    kubeconfig: str = ""
    in_cluster: bool = False
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    server_name: str = ""


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
    if not config["contexts"]:
        raise MissingError(
            f"no kubeconfig in {', '.join(map(str, paths))}",
            why="without one there is no cluster to deploy to",
            fix="log in to the cluster, or set the standard kubernetes.kubeconfig",
        )
    chosen = context or config["current-context"]
    entry = _named(config, "contexts", chosen, "context")
    cluster = _named(config, "clusters", entry.get("cluster", ""), "cluster")
    user = _named(config, "users", entry["user"], "user") if entry.get("user") else {}
    if cluster.get("proxy-url"):
        raise StateError(f"context {chosen} wants a proxy (proxy-url), which team-k8s does not use")
    headers, certificate = _credentials(user, cluster, chosen)
    server = cluster["server"]
    return Access(
        server=server.rstrip("/"),
        namespace=namespace or entry.get("namespace") or "default",
        context=chosen,
        kubeconfig=kubeconfig,
        headers=headers,
        tls=_tls(cluster, certificate) if server.startswith("https") else None,
        server_name=cluster.get("tls-server-name", ""),
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


def _merge(paths: list[Path]) -> dict[str, Any]:
    """Merge files as kubectl does: the first that names a thing holds. Relative paths become absolute."""
    merged: dict[str, Any] = {"current-context": "", "contexts": {}, "clusters": {}, "users": {}}
    inner = {"contexts": "context", "clusters": "cluster", "users": "user"}
    for path in paths:
        config = _parse(path)
        merged["current-context"] = merged["current-context"] or config.get("current-context") or ""
        for section, key in inner.items():
            for entry in config.get(section) or ():
                value = dict(entry.get(key) or {})
                for name in ("certificate-authority", "client-certificate", "client-key", "tokenFile"):
                    if value.get(name):
                        value[name] = str(path.parent / Path(value[name]).expanduser())
                merged[section].setdefault(entry["name"], value)
    return merged


def _parse(path: Path) -> dict[str, Any]:
    text = path.read_text()
    try:
        config = json.loads(text)
    except ValueError:
        import yaml  # noqa: PLC0415  # 50 ms, and many kubeconfigs are JSON

        try:
            config = yaml.safe_load(text)
        except yaml.YAMLError as err:
            raise StateError("a kubeconfig is not valid YAML", fix="mend it, or log in again", where=str(path)) from err
    if not isinstance(config, dict):
        raise StateError("a kubeconfig is empty or no mapping", fix="mend it, or log in again", where=str(path))
    return config


def _named(config: dict[str, Any], section: str, name: str, kind: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = config[section][name]
    except KeyError:
        known = ", ".join(sorted(config[section])) or "none"
        raise MissingError(
            f"the kubeconfig has no {kind} {name!r}",
            why=f"it has: {known}",
            fix="log in to that cluster, or mend the standard kubernetes.context",
        ) from None
    return found


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _credentials(
    user: dict[str, Any], cluster: dict[str, Any], context: str
) -> tuple[dict[str, str], tuple[bytes, bytes] | None]:
    """Give headers and, where there is one, a client certificate with its key, in PEM."""
    if user.get("auth-provider"):
        raise StateError(
            f"context {context} uses an auth-provider, which Kubernetes removed",
            fix="log in again with a present version of your provider's tool; it writes an exec entry",
        )
    if user.get("exec"):
        status = _run_credential_plugin(user["exec"], cluster, context)
        certificate = None
        if status.get("clientCertificateData"):
            certificate = (status["clientCertificateData"].encode(), status["clientKeyData"].encode())
        return (_bearer(status["token"]) if status.get("token") else {}), certificate
    headers: dict[str, str] = {}
    if user.get("tokenFile"):
        headers = _bearer(Path(user["tokenFile"]).read_text().strip())
    elif user.get("token"):
        headers = _bearer(user["token"])
    elif user.get("username"):
        pair = base64.b64encode(f"{user['username']}:{user.get('password', '')}".encode()).decode()
        headers = {"Authorization": f"Basic {pair}"}
    cert, key = _data(user, "client-certificate"), _data(user, "client-key")
    return headers, (cert, key) if cert and key else None


def _data(entry: dict[str, Any], name: str) -> bytes:
    if entry.get(f"{name}-data"):
        return base64.b64decode(entry[f"{name}-data"])
    return Path(entry[name]).read_bytes() if entry.get(name) else b""


def _run_credential_plugin(spec: dict[str, Any], cluster: dict[str, Any], context: str) -> dict[str, Any]:
    """Run a credential plugin by the client.authentication.k8s.io protocol and give its status."""
    info: dict[str, Any] = {"apiVersion": spec["apiVersion"], "kind": "ExecCredential", "spec": {"interactive": False}}
    if spec.get("provideClusterInfo"):
        info["spec"]["cluster"] = {
            "server": cluster["server"],
            "certificate-authority-data": base64.b64encode(_data(cluster, "certificate-authority")).decode(),
        }
    environ = dict(os.environ) | {entry["name"]: entry["value"] for entry in spec.get("env") or ()}
    environ["KUBERNETES_EXEC_INFO"] = json.dumps(info)
    command = [spec["command"], *(spec.get("args") or ())]
    try:
        done = subprocess.run(  # noqa: S603  # what the user's own kubeconfig names
            command, env=environ, capture_output=True, timeout=CREDENTIAL_PLUGIN_SECONDS, check=True
        )
        status = json.loads(done.stdout)["status"]
    except FileNotFoundError as err:
        hint = spec.get("installHint", "").strip().partition("\n")[0] or f"install {spec['command']}"
        raise MissingError(f"context {context} needs the program {spec['command']}", fix=hint) from err
    except (subprocess.SubprocessError, ValueError, KeyError) as err:
        raise PolicyError(
            f"{spec['command']} gave no credentials for context {context}",
            fix=f"run `{' '.join(command[:2])}` yourself to see why; perhaps log in again",
        ) from err
    return dict(status)


def _tls(cluster: dict[str, Any], certificate: tuple[bytes, bytes] | None) -> ssl.SSLContext:
    import ssl  # noqa: PLC0415  # cloud calls only

    authority = _data(cluster, "certificate-authority").decode()
    context = ssl.create_default_context(cadata=authority or None)
    if cluster.get("insecure-skip-tls-verify"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if certificate is not None:
        # ssl reads certificates from files only; this one is ours alone and gone at once.
        with tempfile.NamedTemporaryFile() as pem:
            pem.write(certificate[0] + b"\n" + certificate[1])
            pem.flush()
            context.load_cert_chain(pem.name)
    return context
