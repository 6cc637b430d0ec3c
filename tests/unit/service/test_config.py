"""service.yaml: what is good is read, what is not is told, every problem at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from teamconfig import StandardsError
from teamconfig.service import config

if TYPE_CHECKING:
    from pathlib import Path

GOOD = {"standards": "./standards", "tls": {"certificate": "a.crt", "key": "a.key"}, "listen": "0.0.0.0:7443"}


def read(tmp_path: Path, **changed: Any) -> config.Config:
    """Read a good configuration with changes; None leaves a key out."""
    path = tmp_path / "service.yaml"
    path.write_text(json.dumps({name: value for name, value in (GOOD | changed).items() if value is not None}))
    return config.read(path)


def test_a_short_one_is_enough(tmp_path: Path) -> None:
    """Standards and a certificate are enough; paths are relative to the file."""
    found = read(tmp_path)
    assert found.certificate == tmp_path / "a.crt"
    assert found.state_directory == tmp_path / "state"
    assert found.database == f"sqlite:///{tmp_path}/state/service.db"


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"standards": None}, "standards is missing"),
        ({"tls": None}, "tls is missing"),
        ({"tls": {"certificate": "a"}}, "tls is missing"),
        ({"tls": "off"}, "tls: off is not allowed"),
        ({"listen": "7443"}, "listen: 7443 is not allowed"),
        ({"listen": "0.0.0.0:65536"}, "is not allowed"),
        ({"listen": "0.0.0.0:-1"}, "is not allowed"),
        ({"listen": ["a"]}, "listen is not a text"),
        ({"poll": "often"}, "poll: often is not allowed"),
        ({"groups_max_age": "2h"}, "groups_max_age"),
        ({"calls_per_second": "0"}, "calls_per_second: 0 is not allowed"),
        ({"calls_per_second": "nan"}, "calls_per_second: nan is not allowed"),
        ({"calls_per_second": "-1"}, "is not allowed"),
        ({"signers": {"a": "b"}}, "signers is not allowed"),
        ({"databse": "x"}, "write database"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, changed: dict[str, Any], told: str) -> None:
    """Each mistake is named by its key, with what to write instead."""
    with pytest.raises(StandardsError) as caught:
        read(tmp_path, **changed)
    assert told in str(caught.value)
    assert str(tmp_path / "service.yaml") in str(caught.value)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """Three mistakes are three problems of one error."""
    with pytest.raises(StandardsError) as caught:
        read(tmp_path, standards=None, poll="x", unheard="of")
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.8.8.8"])
def test_plain_text_is_for_loopback(tmp_path: Path, host: str) -> None:
    """Without TLS it listens on this machine only."""
    assert read(tmp_path, tls="off", listen=f"{host}:1").certificate is None


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]", "", "10.0.0.1", "localhost.evil.example", "127.0.0.1.example"])  # noqa: S104  # refused
def test_plain_text_is_for_nothing_else(tmp_path: Path, host: str) -> None:
    """What only looks like this machine is refused."""
    with pytest.raises(StandardsError):
        read(tmp_path, tls="off", listen=f"{host}:1")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    """The text says how to name one."""
    with pytest.raises(StandardsError) as caught:
        config.read(tmp_path / "none.yaml")
    assert "wps serve --config" in str(caught.value)


YAML = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["listen", "tls", "standards", "poll", "signers", "providers", "database", "calls_per_second"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(found=st.dictionaries(NAMES, YAML, max_size=5))
def test_any_values_are_read_or_told(tmp_path: Path, found: dict[str, Any]) -> None:
    """Whatever stands at the keys: a configuration, or an error of ours."""
    path = tmp_path / "service.yaml"
    path.write_text(json.dumps(found))
    try:
        assert config.read(path).path == path
    except StandardsError as err:
        assert err.problems  # noqa: PT017  # either will do


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes_are_read_or_told(tmp_path: Path, content: bytes) -> None:
    """Whatever the file holds: an error of ours, as it names no standards."""
    path = tmp_path / "service.yaml"
    path.write_bytes(content)
    with pytest.raises(StandardsError):
        config.read(path)
