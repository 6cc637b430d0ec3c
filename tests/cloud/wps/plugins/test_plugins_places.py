"""Where sets come from: directories, HTTP servers, registries; each gives the same plugins, and can be mirrored."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest
from pluginworld import HERE, serving

from testservers import certificates, registry

if TYPE_CHECKING:
    from pathlib import Path

    from pluginworld import World


@pytest.mark.parametrize("place", ["directory", "file", "http"])
def test_places(empty: World, place: str) -> None:
    """A directory, its file URL, and any HTTP server of it give the same set, with nothing from the internet."""
    empty.make(team_k8s="one")
    empty.publish()
    with serving(empty.tree) as server:
        names = {"directory": str(empty.tree), "file": empty.tree.as_uri(), "http": server.url}
        told = empty.synced(source=names[place])
        assert (told["serial"], empty.says("team-k8s")) == (1, "one")
        assert empty.synced(source=names[place])["changed"] is False
        asked = [path for path in server.asked if not path.startswith("/files/")]
        assert asked == (["/plugins.json"] * 2 if place == "http" else [])


def test_a_server_with_tls(world: World, tmp_path: Path) -> None:
    """A server whose certificate the machine does not trust is refused; with its authority it is a source."""
    authority = certificates.Authority(tmp_path / "authority")
    world.make(team_k8s="two")
    world.publish()
    with serving(world.tree, authority.issue("plugins")) as server:
        done = world.sync(source=server.url)
        assert (done.returncode, world.says("team-k8s")) == (1, "one")
        assert "plugins.json cannot be read" in done.stderr
        assert "certificate" in done.stderr
        told = world.synced("--ca-file", str(authority.file), source=server.url)
        assert (told["serial"], world.says("team-k8s")) == (2, "two")


def test_an_older_set_by_its_number(world: World) -> None:
    """A set that is named by its number is installed though there is a newer one."""
    world.make(team_k8s="two")
    world.publish()
    world.synced()
    told = world.synced("--serial", "1")
    assert (told["serial"], world.says("team-k8s")) == (1, "one")


def test_a_registry(empty: World, tmp_path: Path) -> None:
    """A set goes to a registry and comes back; the next gets the next number, and the first stays there by its own."""
    with registry.start(tmp_path / "registry") as server:
        place = f"oci://{server.host}/platform/plugins"
        empty.make(team_k8s="one", team_ecs="one")
        empty.program("team-k8s", "for another machine", "linux/arm64" if HERE != "linux/arm64" else "linux/amd64")
        assert empty.publish(to=place)["serial"] == 1
        assert empty.synced(source=place)["changed"] is True
        assert empty.synced(source=place)["changed"] is False
        assert empty.says("team-k8s") == "one"
        empty.make(team_k8s="two")
        assert empty.publish(to=place)["serial"] == 2
        assert empty.synced(source=place)["serial"] == 2
        assert empty.says("team-k8s") == "two"
        assert empty.synced("--serial", "1", source=f"{place}:plugins")["serial"] == 1
        assert sorted(server.tags("platform/plugins")) == ["plugins", "plugins-1", "plugins-2"]
        none = empty.sync(source=f"oci://{server.host}/platform/other")
        assert (none.returncode, empty.says("team-k8s")) == (1, "one")


def test_what_lies_in_a_registry(empty: World, tmp_path: Path) -> None:
    """In a registry each binary is an artifact, with an index for each platform, and its blob is the binary itself."""
    with registry.start(tmp_path / "registry") as server:
        path = empty.program("team-k8s", "one")
        path.with_name(f"{path.name}.cdx.json").write_text("{}")
        digest = empty.publish(to=f"oci://{server.host}/p")["binaries"][0]["sha256"]
        assert server.blobs()[f"sha256:{digest}"] == path.stat().st_size

        def manifest(name: str) -> dict[str, list[dict[str, object]]]:
            kinds = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json"
            url = f"http://{server.host}/v2/p/manifests/{name}"
            done = subprocess.run(["curl", "-sf", "-H", f"Accept: {kinds}", url], capture_output=True, check=True)
            found: dict[str, list[dict[str, object]]] = json.loads(done.stdout)
            return found

        signed, platform = manifest("plugins")["manifests"]
        assert "platform" not in signed
        system, _, machine = HERE.partition("/")
        assert platform["platform"] == {"os": system, "architecture": machine}
        (plugin,) = manifest(str(platform["digest"]))["manifests"]
        layers = manifest(str(plugin["digest"]))["layers"]
        assert layers[0]["digest"] == f"sha256:{digest}"
        assert [one["mediaType"] for one in layers] == ["application/octet-stream", "application/vnd.cyclonedx+json"]


def test_a_mirror(empty: World, tmp_path: Path) -> None:
    """What `wps image copy` has brought to another registry is a source as good as the first."""
    with registry.start(tmp_path / "near") as near, registry.start(tmp_path / "far") as far:
        empty.make(team_k8s="one")
        empty.publish(to=f"oci://{near.host}/plugins")
        done = empty.wps("image", "copy", f"{near.host}/plugins:plugins", f"{far.host}/mirror/plugins:plugins")
        assert done.returncode == 0, done.stderr
        assert empty.synced(source=f"oci://{far.host}/mirror/plugins")["changed"] is True
    assert empty.says("team-k8s") == "one"


def test_a_tampered_registry(world: World, tmp_path: Path) -> None:
    """A registry that gives other bytes for a binary is refused, and the old plugins stay."""
    with registry.start(tmp_path / "registry") as server:
        world.make(team_k8s="two")
        told = world.publish("--serial", "2", to=f"oci://{server.host}/plugins")
        digest = next(one["sha256"] for one in told["binaries"] if one["plugin"] == "team-k8s")
        path = tmp_path / f"registry/data/docker/registry/v2/blobs/sha256/{digest[:2]}/{digest}/data"
        path.write_bytes(path.read_bytes().replace(b"two", b"bad"))
        done = world.sync(source=f"oci://{server.host}/plugins")
    assert (done.returncode, world.says("team-k8s")) == (1, "one")
    assert "waypoint-plugin-team-k8s is refused\n  its SHA-256 is " in done.stderr
