"""Options as a protostructure.Struct: what the host builds a Go type from.

Scalars become pointers, so that what the user did not write arrives as null
and not as zero.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from waypaas_sdk.gen.protostructure.protostructure_pb2 import Container, Primitive, Struct, Type
from waypaas_sdk.options import Shape, shapes

if TYPE_CHECKING:
    from waypaas_sdk.component import Component

KINDS = {bool: 1, int: 2, float: 14, str: 24, timedelta: 24}
"""Go's reflect.Kind of each scalar."""

MAP, POINTER, SLICE = 21, 22, 23
"""Go's reflect.Kind of the containers."""

EMPTY = Struct()
"""For a component without options: the host then refuses any. Without a struct it would take and drop them."""


def to_proto(options: type) -> Struct:
    """Describe an options dataclass to the host.

    Args:
        options: The dataclass.

    Returns:
        Its fields with `hcl` and `json` tags.

    Raises:
        TypeError: A field has a type that HCL cannot express, or two have the same name in Go.
    """
    struct = Struct()
    seen: dict[str, str] = {}
    for shape in shapes(options):
        go_name = "".join(part.capitalize() for part in shape.name.split("_"))
        if seen.setdefault(go_name, shape.name) != shape.name:
            raise TypeError(f"{options.__name__}: {seen[go_name]} and {shape.name} have the same name in Go, {go_name}")
        tag = f'hcl:"{shape.name},{_mode(shape)}" json:"{shape.name}"'
        struct.fields.add(Name=go_name, Tag=tag, type=_type(shape))
    return struct


def of_component(component: type[Component]) -> Struct:
    """Describe a component's options to the host.

    Args:
        component: The class.

    Returns:
        EMPTY if it declares none.

    Raises:
        TypeError: As of `to_proto`, or an annotation is not known; the text names the component.
    """
    try:
        declared = component.options_class()
        return EMPTY if declared is None else to_proto(declared)
    except NameError as err:
        message = (
            f"{component.__name__}.options: the annotation {err.name!r} is not known; "
            "import it at the top of the module, not below TYPE_CHECKING"
        )
        raise TypeError(message) from err
    except TypeError as err:
        raise TypeError(f"{component.__name__}.options: {err}") from err


def _mode(shape: Shape) -> str:
    if shape.form in {"block", "blocks"}:
        return "block"
    if shape.about.get("label"):
        return "label"
    return "optional"


def _type(shape: Shape) -> Type:
    if shape.form == "block":
        return _container(POINTER, Type(struct=to_proto(shape.type)))
    if shape.form == "blocks":
        return _container(SLICE, Type(struct=to_proto(shape.type)))
    scalar = Type(primitive=Primitive(kind=KINDS[shape.type]))
    if shape.form == "list":
        return _container(SLICE, scalar)
    if shape.form == "map":
        key = Type(primitive=Primitive(kind=KINDS[str]))
        return Type(container=Container(kind=MAP, elem=scalar, key=key))
    return scalar if shape.about.get("label") else _container(POINTER, scalar)


def _container(kind: int, element: Type) -> Type:
    return Type(container=Container(kind=kind, elem=element))
