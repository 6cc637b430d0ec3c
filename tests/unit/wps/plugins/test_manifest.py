"""The manifest of a set of plugins: what is read of it, what is refused, and when it is too old."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teamconfig import StandardsError
from wps.pluginset import manifest
from wps.pluginset.manifest import Binary, Manifest

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
HEX = "ab" * 32

names = st.from_regex(r"[a-z][a-z0-9]{0,9}(-[a-z0-9]{1,9}){0,2}", fullmatch=True)
binaries = st.builds(
    Binary, names, st.sampled_from(["linux/amd64", "linux/arm64", "darwin/arm64"]),
    st.binary(min_size=32, max_size=32).map(bytes.hex), st.integers(1, 1 << 30),
)  # fmt: skip
sets = st.builds(
    Manifest,
    st.integers(1, 2**53 - 1),
    st.from_regex(r"[0-9]\.[0-9]\.[0-9](rc[0-9])?", fullmatch=True),
    st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2100, 1, 1)).map(  # noqa: DTZ001  # made UTC at once
        lambda one: one.replace(microsecond=0, tzinfo=dt.UTC)
    ),
    st.lists(binaries, min_size=1, max_size=5, unique_by=lambda one: (one.plugin, one.platform)).map(
        lambda found: tuple(sorted(found, key=lambda one: (one.plugin, one.platform)))
    ),
)
junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def made(**changed: Any) -> dict[str, Any]:
    """Give a manifest as data, with changes."""
    binary = {"plugin": "team-k8s", "platform": "linux/amd64", "sha256": HEX, "size": 7}
    whole = {"serial": 3, "version": "1.2.3", "expires": "2026-06-01T00:00:00Z", "binaries": [binary]}
    return {**whole, **changed}


def read(value: Any) -> Manifest:
    """Read data as a manifest."""
    return manifest.read(json.dumps(value).encode(), "the source")


@given(sets)
def test_what_is_written_is_read(one: Manifest) -> None:
    """Whatever set is published is read as that set, and has one form in bytes."""
    data = manifest.write(one)
    assert manifest.read(data, "here") == one
    assert manifest.write(manifest.read(data, "here")) == data


@given(st.binary() | junk.map(lambda value: json.dumps(value).encode()))
def test_no_bytes_lead_to_another_error(data: bytes) -> None:
    """Any bytes are either a manifest, or refused with the source's name."""
    with pytest.raises(StandardsError) as refused:
        manifest.read(data, "the source")
    assert "at the source" in str(refused.value)


@given(st.sampled_from(sorted(made())), junk)
def test_no_field_leads_to_another_error(field: str, value: Any) -> None:
    """Whatever stands in a field, reading gives a manifest or the one error."""
    try:
        found = read(made(**{field: value}))
    except StandardsError as err:
        assert "is not understood" in str(err)  # noqa: PT017  # either outcome is right
    else:
        assert found.serial > 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("plugin", "../../bin/sh"), ("plugin", "a/b"), ("plugin", ""), ("plugin", "-x"), ("plugin", "x" * 64),
        ("platform", "linux/../x"), ("platform", "plan9/amd64"), ("sha256", "../" + "a" * 61), ("sha256", HEX.upper()),
        ("sha256", HEX + "\n"), ("size", 0), ("size", -1), ("size", True), ("size", 1.5), ("size", 1 << 40),
    ],
)  # fmt: skip
def test_what_could_become_a_path_is_held_to_its_form(field: str, value: Any) -> None:
    """A name, platform, hash or size of another form is refused even if it is signed."""
    binary = made()["binaries"][0] | {field: value}
    with pytest.raises(StandardsError, match="is not understood"):
        read(made(binaries=[binary]))


@pytest.mark.parametrize("value", [0, -3, True, 2.0, "3", 2**53, None])
def test_a_serial_is_a_number_from_1(value: Any) -> None:
    """A serial that does not count is refused."""
    with pytest.raises(StandardsError, match="is not understood"):
        read(made(serial=value))


def test_a_plugin_stands_once_for_a_platform() -> None:
    """Two binaries for one plugin and platform are refused: nobody could tell which is meant."""
    with pytest.raises(StandardsError, match="twice"):
        read(made(binaries=made()["binaries"] * 2))


def test_an_older_set_is_refused() -> None:
    """A set older than one that was seen is refused; the same and newer ones are taken."""
    one = read(made())
    with pytest.raises(StandardsError, match="set 3 of the plugins is refused") as refused:
        manifest.check_fresh(one, 4, NOW, "the source")
    assert "has seen set 4" in str(refused.value)
    manifest.check_fresh(one, 3, NOW, "the source")
    manifest.check_fresh(one, 0, NOW, "the source")


def test_a_set_has_an_end() -> None:
    """From the second on at which a set expires it is refused, before that it is taken."""
    one = read(made())
    manifest.check_fresh(one, 0, one.expires - dt.timedelta(seconds=1), "the source")
    with pytest.raises(StandardsError, match="good until 2026-06-01"):
        manifest.check_fresh(one, 0, one.expires, "the source")


def test_a_machine_gets_what_is_for_it() -> None:
    """Only binaries of the machine's platform are chosen, and only the plugins that are wanted."""
    listed = [
        Binary("team-ecs", "linux/amd64", HEX, 1), Binary("team-k8s", "linux/amd64", HEX, 2),
        Binary("team-k8s", "linux/arm64", HEX, 3),
    ]  # fmt: skip
    one = Manifest(1, "1", NOW, tuple(listed))
    assert one.of_platform("linux/amd64", (), "here") == tuple(listed[:2])
    assert one.of_platform("linux/arm64", ("team-k8s",), "here") == (listed[2],)
    with pytest.raises(StandardsError, match="there is no plugin team-ecs") as refused:
        one.of_platform("linux/arm64", ("team-ecs",), "here")
    assert refused.value.kind == "missing"


def test_a_platform_without_plugins_is_told() -> None:
    """Where no binary is for the machine's platform, the error names the platforms that there are."""
    with pytest.raises(StandardsError, match="there are no plugins for darwin/arm64") as refused:
        read(made()).of_platform("darwin/arm64", (), "here")
    assert "is for linux/amd64" in str(refused.value)
