"""Mappers: conversions between message types that a plugin offers to the host.

@mapper
def image(ours: ecr_pb2.Image) -> docker_pb2.Image: ...

With it, Waypoint hands our image to every platform that takes a docker.Image.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_type_hints

from google.protobuf.message import Message

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Mapper:
    """A conversion.

    Args:
        source: Class of the message that goes in.
        target: Class of the message that comes out.
        convert: Does it.
    """

    source: type[Message]
    target: type[Message]
    convert: Callable[[Any], Message]


def mapper(function: Callable[[Any], Message]) -> Mapper:
    """Make a mapper of a function with one annotated parameter and an annotated result.

    Args:
        function: Takes one message and gives another.

    Returns:
        For `serve.serve(mappers=...)`.

    Raises:
        TypeError: The annotations are not two message classes.
    """
    hints = get_type_hints(function)
    target = hints.pop("return", None)
    sources = list(hints.values())
    if len(sources) != 1 or not all(isinstance(t, type) and issubclass(t, Message) for t in (*sources, target)):
        name = getattr(function, "__name__", "mapper")
        raise TypeError(f"mapper {name} must take one annotated protobuf message and return another")
    return Mapper(sources[0], target, function)
