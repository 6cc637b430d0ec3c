"""opaqueany.Any: pack and unpack, in a pair."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from google.protobuf.struct_pb2 import Struct

from waypaas_sdk.errors import StateError
from waypaas_sdk.gen.opaqueany.any_pb2 import Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from google.protobuf.message import Message

M = TypeVar("M", bound="Message")

PREFIX = "type.googleapis.com/"


def pack(message: Message) -> Any:
    """Wrap a message.

    Args:
        message: Of any type.

    Returns:
        It with its full name.
    """
    return Any(type_url=PREFIX + message.DESCRIPTOR.full_name, value=message.SerializeToString())


def pack_state(state: Mapping[str, object]) -> Any:
    """Wrap JSON-able facts as a google.protobuf.Struct.

    Args:
        state: Facts by name.

    Returns:
        The packed Struct, of an empty one for no facts.
    """
    struct = Struct()
    struct.update(dict(state))  # type: ignore[arg-type]  # JSON-able, as Resource demands
    return pack(struct)


def name(wrapped: Any) -> str:
    """Give the full name of what is wrapped; empty for an empty Any."""
    return wrapped.type_url.rpartition("/")[2]


def unpack(wrapped: Any, kind: type[M]) -> M:
    """Unwrap a message.

    Args:
        wrapped: Says by name what it holds.
        kind: The class that it should hold.

    Returns:
        The message.

    Raises:
        StateError: It holds something else, or bytes that are no such message.
    """
    from google.protobuf.message import DecodeError  # noqa: PLC0415  # beside grpc's start

    wanted = kind.DESCRIPTOR.full_name
    if name(wrapped) != wanted:
        raise StateError(f"expected a {wanted}, got {name(wrapped) or 'nothing'}")
    try:
        return kind.FromString(wrapped.value)
    except DecodeError as err:
        raise StateError(f"what was sent as a {wanted} is not one") from err
