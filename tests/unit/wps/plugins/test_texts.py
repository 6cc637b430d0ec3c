"""What is worked out of texts: the list of plugins, the `plugin` blocks of waypoint.hcl, names of places."""

from __future__ import annotations

import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teamconfig import StandardsError
from teamconfig.model.plugins import KEY, SOURCE
from wps import hclfile
from wps.pluginset import bundle, programs, registrysource, signing, sources, stanza

FILE = """\
project = "shop" # ours

app "web" {
  build {
    use "docker" {}
    registry { use "team-ecr" {} }
  }
  deploy { use "team-k8s" {} }
}
"""
SUMS = {"team-ecr": "1" * 64, "team-ecs": "2" * 64, "team-k8s": "3" * 64}


def test_the_plugins_are_those_of_the_distribution() -> None:
    """The list is that of the entry points, so a plugin that is added there is built without another list."""
    root = Path(__file__).resolve().parents[4]
    scripts = tomllib.loads((root / "pyproject.toml").read_text())["project"]["scripts"]
    entries = [metadata.EntryPoint(name, value, "console_scripts") for name, value in scripts.items()]
    found = programs.programs(entries)
    assert {one.file: f"{one.module}:{one.function}" for one in found} == {
        name: value for name, value in scripts.items() if name.startswith("waypoint-plugin-")
    }


def test_a_plugin_gets_its_extras_and_no_others() -> None:
    """A plugin gets the extra of its name, and what speaks to a service; a plugin without an extra gets the latter."""
    known = ["cli", "client", "ecr", "ecs", "k8s", "service"]
    assert programs.Program("team-ecs", "team_ecs.main", "main").extras(known) == ["client", "ecs"]
    assert programs.Program("test", "test_stage.main", "main").extras(known) == ["client"]
    assert programs.Program("test", "test_stage.main", "main").extras([*known, "test"]) == ["client", "test"]


def test_checksums_are_written_for_what_is_used() -> None:
    """Each plugin that the file uses and that has a checksum gets a block; nothing else of the file changes."""
    after = stanza.written(FILE, "waypoint.hcl", SUMS)
    assert after.startswith(FILE)
    blocks = {one.labels[0]: one for one in hclfile.parse(after, "waypoint.hcl").blocks if one.type == "plugin"}
    assert {name: one.attributes["checksum"] for name, one in blocks.items()} == {
        "team-ecr": "1" * 64, "team-k8s": "3" * 64,
    }  # fmt: skip
    assert all(one.find("type") is not None for one in blocks.values())


def test_checksums_are_replaced_where_they_stand() -> None:
    """A second time the same text comes out; a new checksum takes the place of the old one, and comments stay."""
    once = stanza.written(FILE, "waypoint.hcl", SUMS)
    assert stanza.written(once, "waypoint.hcl", SUMS) == once
    newer = stanza.written(once, "waypoint.hcl", {"team-k8s": "4" * 64})
    assert newer == once.replace("3" * 64, "4" * 64)


def test_a_block_without_checksum_gets_one() -> None:
    """In a `plugin` block that is there already the checksum is added, and what was in it stays."""
    text = FILE + 'plugin "team-k8s" {\n  type { deploy = true }\n}\n'
    block = hclfile.parse(stanza.written(text, "waypoint.hcl", SUMS), "waypoint.hcl").find("plugin", "team-k8s")
    assert block is not None
    assert block.attributes == {"checksum": "3" * 64}
    assert block.blocks[0].attributes == {"deploy": True}


@given(st.from_regex(r"[a-z0-9.-]{1,20}(:[0-9]{2,5})?/[a-z0-9/]{1,20}", fullmatch=True))
def test_a_registry_without_tag_gets_one(place: str) -> None:
    """A port is no tag: only what stands behind the last slash can have one."""
    assert registrysource.reference(f"oci://{place}") == f"{place}:plugins"
    assert registrysource.reference(f"oci://{place}:v1") == f"{place}:v1"


@pytest.mark.parametrize(
    ("url", "may"),
    [
        ("https://plugins.example/x", True), ("http://127.0.0.1:8080/x", True), ("http://localhost/x", True),
        ("http://[::1]:1/x", True), ("http://plugins.example/x", False), ("http://127.0.0.1.example/x", False),
        ("ftp://127.0.0.1/x", False),
    ],
)  # fmt: skip
def test_plain_http_is_for_this_machine(url: str, *, may: bool) -> None:
    """Without TLS only this machine's own loopback is asked."""
    assert sources.allowed(url) is may


def test_a_source_is_a_place_that_is_known() -> None:
    """A name with another scheme is refused, not taken for a directory."""
    assert sources.directory("file:///srv/a%20b") == Path("/srv/a b")
    assert sources.directory("tree") == Path("tree")
    with pytest.raises(StandardsError, match="is no such place"):
        sources.directory("s3://bucket/x")


def test_the_standards_take_what_the_commands_print() -> None:
    """The shapes of the section `plugins` fit keys and sources as `wps plugins` writes them, and no plain HTTP."""
    assert KEY.fits("ed25519:" + "A" * 43 + "=")
    assert bool(signing.PUBLIC.fullmatch("ed25519:" + "A" * 43 + "=")) is True
    assert all(SOURCE.fits(one) for one in ("https://a/b", "oci://a/b:c", "file:///a", "/a", "http://127.0.0.1:1/a"))
    assert not any(SOURCE.fits(one) for one in ("http://a.example/b", "a/b", "ssh://a/b", ""))


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.binary(max_size=50), max_size=5))
def test_the_same_files_are_packed_the_same(files: dict[str, bytes]) -> None:
    """A binary's bytes depend on names, contents and modes alone: not on times, or on the order of writing."""
    import os  # noqa: PLC0415  # only here
    import tempfile  # noqa: PLC0415

    packed = []
    for order in (sorted(files), sorted(files, reverse=True)):
        with tempfile.TemporaryDirectory() as folder:
            for name in order:
                path = Path(folder) / name
                path.write_bytes(files[name])
                os.utime(path, (len(packed) * 1000, 5))
            packed.append(bundle.archive(Path(folder)))
    assert packed[0] == packed[1]
