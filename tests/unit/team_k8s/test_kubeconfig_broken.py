"""Kubeconfig files that are broken: the error names file and key, and never shows a credential."""

from __future__ import annotations

import base64
import stat
import traceback
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from team_k8s import kubeconfig, kubeentry
from waypaas_sdk.errors import MissingError, PluginError, PolicyError, StateError

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "hunter2"
GARBAGE = base64.b64encode(b"hunter2 is no certificate").decode()
TLS = "https://127.0.0.1:6443"


def config(user: Any = None, cluster: Any = None) -> dict[str, Any]:
    """Make a kubeconfig with the one context dev."""
    return {
        "current-context": "dev",
        "contexts": [{"name": "dev", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": TLS} if cluster is None else cluster}],
        "users": [{"name": "u", "user": {"token": TOKEN} if user is None else user}],
    }


def refusal(path: Path, content: Any) -> PluginError:
    """Give the error with which a kubeconfig is refused; nothing of it, its traceback included, shows a token."""
    file = path / "config"
    file.write_text(content if isinstance(content, str) else yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(PluginError) as caught:
        kubeconfig.load(str(file), environ={})
    assert TOKEN not in str(caught.value)
    told = "".join(traceback.format_exception(caught.value))
    assert TOKEN not in told
    assert GARBAGE not in told
    return caught.value


BROKEN: dict[str, tuple[Any, str]] = {
    "contexts is no list": (config() | {"contexts": {"dev": {}}}, "contexts"),
    "clusters is a text": (config() | {"clusters": TOKEN}, "clusters"),
    "a user is a text": (config() | {"users": [TOKEN]}, "users[0]"),
    "a user without name": (config() | {"users": [{"user": {"token": TOKEN}}]}, "users[0].name"),
    "a name that is a number": (config() | {"users": [{"name": 1}]}, "users[0].name"),
    "a user's fields are a list": (config(user=[TOKEN]), "users.u.user"),
    "current-context is a list": (config() | {"current-context": [1]}, "kubeconfig.current-context"),
    "no cluster": (config() | {"contexts": [{"name": "dev", "context": {}}]}, "contexts.dev.cluster"),
    "no server": (config(cluster={"insecure-skip-tls-verify": True}), "clusters.c.server"),
    "server is a number": (config(cluster={"server": 6443}), "clusters.c.server"),
    "server without scheme": (config(cluster={"server": "127.0.0.1:6443"}), "clusters.c.server"),
    "a proxy": (config(cluster={"server": TLS, "proxy-url": "http://hunter2@proxy"}), "clusters.c.proxy-url"),
    "authority is no base64": (
        config(cluster={"server": TLS, "certificate-authority-data": "hunter2+!"}),
        "clusters.c.certificate-authority-data",
    ),
    "authority is no certificate": (
        config(cluster={"server": TLS, "certificate-authority-data": GARBAGE}),
        "clusters.c.certificate-authority",
    ),
    "authority is no text": (
        config(cluster={"server": TLS, "certificate-authority-data": "/////w=="}),
        "clusters.c.certificate-authority",
    ),
    "authority's file is away": (
        config(cluster={"server": TLS, "certificate-authority": "away.crt"}),
        "clusters.c.certificate-authority",
    ),
    "token is a mapping": (config(user={"token": {"value": TOKEN}}), "users.u.token"),
    "token is a number": (config(user={"token": 4711}), "users.u.token"),
    "token's file is away": (config(user={"tokenFile": "away"}), "users.u.tokenFile"),
    "password is a list": (config(user={"username": "me", "password": [TOKEN]}), "users.u.password"),
    "certificate without key": (config(user={"client-certificate-data": GARBAGE}), "users.u.client-key"),
    "key without certificate": (config(user={"client-key-data": GARBAGE}), "users.u.client-certificate"),
    "key is no base64": (
        config(user={"client-certificate-data": GARBAGE, "client-key-data": "hunter2+!"}),
        "users.u.client-key-data",
    ),
    "certificate is none": (
        config(user={"client-certificate-data": GARBAGE, "client-key-data": GARBAGE}),
        "users.u.client-certificate",
    ),
    "auth-provider": (config(user={"auth-provider": {"name": "gcp"}}), "users.u.auth-provider"),
    "exec is a text": (config(user={"exec": f"tool --token={TOKEN}"}), "users.u.exec"),
    "exec without command": (config(user={"exec": {"apiVersion": "v1"}}), "users.u.exec.command"),
    "exec without version": (config(user={"exec": {"command": "true"}}), "users.u.exec.apiVersion"),
    "exec with a text for args": (
        config(user={"exec": {"apiVersion": "v1", "command": "true", "args": TOKEN}}),
        "users.u.exec.args",
    ),
    "exec with a number in args": (
        config(user={"exec": {"apiVersion": "v1", "command": "true", "args": [1]}}),
        "users.u.exec.args",
    ),
    "exec with a nameless variable": (
        config(user={"exec": {"apiVersion": "v1", "command": "true", "env": [{"value": TOKEN}]}}),
        "users.u.exec.env[0].name",
    ),
}


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_a_broken_field(tmp_path: Path, name: str) -> None:
    """A broken field is told with its file, its key and what to do, as the user's state and not as our bug."""
    content, key = BROKEN[name]
    error = refusal(tmp_path, content)
    assert isinstance(error, StateError)
    assert error.where == f"{tmp_path / 'config'}, {key}"
    assert error.fix


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("users: [\n  {token: hunter2\n", ", line 3"),
        ("a: 1\nb: *hunter2\n", ", line 2"),
        ("token: hunter2\n\tx: 1\n", ", line 2"),
        ("", ""),
        ("hunter2", ""),
        ("[hunter2]", ""),
    ],
)
def test_no_kubeconfig_at_all(tmp_path: Path, content: str, line: str) -> None:
    """A file that is no YAML, or no mapping, is told by its path and line, without a word of its content."""
    error = refusal(tmp_path, content)
    assert isinstance(error, StateError)
    assert error.where == f"{tmp_path / 'config'}{line}"


def test_no_text(tmp_path: Path) -> None:
    """A file that is no text, or a directory, is told by its path."""
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    for path in (tmp_path / "binary", tmp_path):
        with pytest.raises(StateError, match="cannot be read") as caught:
            kubeconfig.load(str(path), environ={})
        assert caught.value.where == str(path)


def test_an_entry_shows_no_values(tmp_path: Path) -> None:
    """What a debugger prints of an entry has none of its fields in it."""
    assert TOKEN not in repr(kubeentry.Entry({"token": TOKEN}, tmp_path, "users.u"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(TOKEN),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.just(TOKEN), inner, max_size=2),
    max_leaves=4,
)
PLACES = st.sampled_from([
    ("contexts",), ("clusters",), ("users",), ("contexts", 0), ("clusters", 0), ("users", 0), ("current-context",),
    ("contexts", 0, "context"), ("contexts", 0, "context", "namespace"), ("contexts", 0, "name"),
    ("clusters", 0, "cluster"), ("clusters", 0, "cluster", "server"), ("clusters", 0, "cluster", "tls-server-name"),
    ("clusters", 0, "cluster", "certificate-authority-data"), ("clusters", 0, "cluster", "certificate-authority"),
    ("users", 0, "user"), ("users", 0, "user", "token"), ("users", 0, "user", "tokenFile"),
    ("users", 0, "user", "client-key-data"), ("users", 0, "user", "client-certificate"),
    ("users", 0, "user", "exec"), ("users", 0, "user", "auth-provider"),
])  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PLACES, JSON)
def test_any_field_with_any_value(tmp_path: Path, place: tuple[Any, ...], value: Any) -> None:
    """Whatever stands in a field, the file is used, or refused by an error of ours: never by a raw exception."""
    content: Any = config()
    inner = content
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    file = tmp_path / "config"
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    try:
        outcome: Any = kubeconfig.load(str(file), environ={})
    except (StateError, MissingError) as error:
        outcome = error
    assert isinstance(outcome, (kubeconfig.Access, PluginError))


def plugin(path: Path, script: str, **fields: Any) -> dict[str, Any]:
    """Make a credential plugin of a shell script, and a kubeconfig that uses it."""
    program = path / "credentials"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(stat.S_IRWXU)
    spec = {"apiVersion": "client.authentication.k8s.io/v1", "command": str(program), **fields}
    return config({"exec": spec}, {"server": "http://127.0.0.1:8001"})


GIVES = """printf '{"status": {"token": "%s"}}' "$1-$REALM" """


def test_a_credential_plugin(tmp_path: Path) -> None:
    """A plugin runs with its arguments and variables, and its token is used."""
    content = plugin(tmp_path, GIVES, args=["a"], env=[{"name": "REALM", "value": "b"}])
    (tmp_path / "config").write_text(yaml.safe_dump(content))
    assert kubeconfig.load(str(tmp_path / "config"), environ={}).headers == {"Authorization": "Bearer a-b"}


def test_a_credential_plugin_beside_the_kubeconfig(tmp_path: Path) -> None:
    """A plugin with a path is beside the kubeconfig, as for kubectl, wherever we are."""
    content = plugin(tmp_path, GIVES, args=["a"])
    content["users"][0]["user"]["exec"]["command"] = "./credentials"
    (tmp_path / "config").write_text(yaml.safe_dump(content))
    assert kubeconfig.load(str(tmp_path / "config"), environ={}).headers == {"Authorization": "Bearer a-"}


def test_a_credential_plugin_is_told_the_cluster(tmp_path: Path) -> None:
    """A plugin that asks for it gets the cluster, by the protocol of its own version."""
    content = plugin(tmp_path, 'printf "%s" "$KUBERNETES_EXEC_INFO" > "$1"', args=[str(tmp_path / "info")])
    content["users"][0]["user"]["exec"]["provideClusterInfo"] = True
    refusal(tmp_path, content)
    info = yaml.safe_load((tmp_path / "info").read_text())
    assert (info["kind"], info["apiVersion"]) == ("ExecCredential", "client.authentication.k8s.io/v1")
    assert info["spec"]["cluster"]["server"] == "http://127.0.0.1:8001"
    assert info["spec"]["interactive"] is False


@pytest.mark.parametrize(
    "script",
    [
        "echo hunter2 >&2; exit 1",
        "echo hunter2",
        "echo '[\"hunter2\"]'",
        'echo \'{"kind": "hunter2"}\'',
        "echo '{\"status\": null}'",
        'echo \'{"status": "hunter2"}\'',
        "echo '{\"status\": {}}'",
        'echo \'{"status": {"clientCertificateData": "hunter2"}}\'',
        "printf '\\377'",
    ],
)
def test_a_credential_plugin_that_fails(tmp_path: Path, script: str) -> None:
    """A plugin without credentials is told by its name and place; neither its output nor its options are shown."""
    error = refusal(tmp_path, plugin(tmp_path, script, args=["--token=hunter2"]))
    assert isinstance(error, PolicyError)
    assert str(tmp_path / "credentials") in error.what
    assert error.where == f"{tmp_path / 'config'}, users.u.exec"


def test_a_credential_plugin_that_may_not_run(tmp_path: Path) -> None:
    """A plugin that is no program is told as one that gave no credentials."""
    content = plugin(tmp_path, "")
    (tmp_path / "credentials").chmod(stat.S_IRUSR)
    assert isinstance(refusal(tmp_path, content), PolicyError)


@pytest.mark.parametrize(
    ("hint", "fix"), [({}, "install no-such-tool"), ({"installHint": "get it at x.test\nmore"}, "get it at x.test")]
)
def test_a_credential_plugin_that_is_not_there(tmp_path: Path, hint: dict[str, str], fix: str) -> None:
    """A plugin that is not installed is missing, with the kubeconfig's own hint where there is one."""
    spec = {"apiVersion": "client.authentication.k8s.io/v1", "command": "no-such-tool", **hint}
    error = refusal(tmp_path, config({"exec": spec}, {"server": "http://127.0.0.1:8001"}))
    assert isinstance(error, MissingError)
    assert error.fix == fix
