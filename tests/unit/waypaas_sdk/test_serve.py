"""What serve refuses before anything is served."""

from __future__ import annotations

from typing import Any

import pytest

from waypaas_sdk import component, serve
from waypaas_sdk.gen.docker.docker_pb2 import Image


class Hello(component.Platform):
    """Says hello."""

    def deploy(self) -> Image:
        """Say it."""
        return Image()


class Bare(component.Platform):  # noqa: D101  # what is tested
    def deploy(self) -> Image:
        """Say nothing."""
        return Image()


class Late(component.Platform):
    """Has options that are known too late to be refused with the class."""

    options: LateOptions

    def deploy(self) -> Image:
        """Deploy."""
        return Image()


class LateOptions:
    """No dataclass."""


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((), r"needs a component: write serve.serve\(Hello\)"),
        ((Hello(),), r"serve takes classes: write Hello, not Hello\(\)"),
        ((dict,), "dict is no component: serve a class that derives from component.Platform"),
        ((component.Platform,), "Platform is no component"),
        (("hello",), "'hello' is no component"),
        ((Hello, Bare), "can have one platform, this has two: Bare"),
    ],
)
def test_what_cannot_be_served(given: tuple[Any, ...], said: str) -> None:
    """Anything but classes of components, at most one of a kind, is refused by name."""
    with pytest.raises(TypeError, match=said):
        serve.serve(*given)


def test_by_hand_options_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Started by hand, a plugin finds wrong options that the class could not be asked for yet."""
    monkeypatch.delenv("WAYPOINT_PLUGIN", raising=False)
    with pytest.raises(TypeError, match=r"Late.options: LateOptions must be a dataclass"):
        serve.serve(Late)


@pytest.mark.parametrize(
    ("given", "said"),
    [((Hello,), "plugin of HashiCorp Waypoint: Says hello.\n"), ((Bare,), "plugin of HashiCorp Waypoint.\n")],
)
def test_by_hand_with_and_without_docstring(
    given: tuple[Any, ...], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The invitation has the docstring's first line, and no colon where there is none."""
    monkeypatch.delenv("WAYPOINT_PLUGIN", raising=False)
    with pytest.raises(SystemExit):
        serve.serve(*given)
    assert said in capsys.readouterr().err
