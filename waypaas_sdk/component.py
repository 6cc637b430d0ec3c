"""The kinds of component that a plugin can consist of.

Subclass one, implement its operation, and add methods for whatever else it can
do: a platform with a `destroy` method is a Destroyer, with `logs` a LogSource,
and so on. A wrong annotation fails when the class is defined.

    class Hello(component.Platform):
        '''Says hello.'''           # becomes the description in `waypoint docs`

        options: Options            # a dataclass; leave out for no options

        def deploy(self, image: docker_pb2.Image, ui: TerminalUI) -> Result: ...
        def destroy(self, deployment: Struct, ui: TerminalUI) -> None: ...

The instance is made once per process; `self.options` is set by the host before
the first operation.
"""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any, ClassVar, get_type_hints

from waypaas_sdk import optionschema, signature

LOOKALIKES = ("opts", "option", "config")
"""Names that are taken for `options`, to which nothing would ever be assigned."""


class Component:
    """What all kinds have in common; not to be subclassed directly."""

    kind: ClassVar[str] = ""
    """Name of the service: "platform"."""

    options: Any = None
    """The options, decoded and validated, or None where the class declares none."""

    example: ClassVar[str] = ""
    """HCL for the documentation."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Check the subclass.

        Raises:
            TypeError: A method's annotations cannot be satisfied, or the required one is missing, or the options
                cannot be described to Waypoint.
        """
        super().__init_subclass__(**kwargs)
        if cls.__dict__.get("kind"):
            return
        cls.signatures = signature.read(cls)
        if cls.options_class.__func__ is Component.options_class.__func__:  # type: ignore[attr-defined]  # of a bound method
            cls._check_options()

    @classmethod
    def _check_options(cls) -> None:
        own = _annotations(cls)
        if "options" in own:
            try:
                optionschema.of_component(cls)
            except TypeError as err:
                if not isinstance(err.__cause__, NameError):  # a name from further down is looked up again later
                    raise
        elif not any(_declares_options(base) for base in cls.__mro__):
            for name in LOOKALIKES:
                if name in own and name not in cls.__dict__:
                    raise TypeError(
                        f"{cls.__name__}.{name}: options are declared as `options: ...`; "
                        "if these are none, prefix the name with an underscore"
                    )

    @classmethod
    def options_class(cls) -> Any:  # a dataclass, or None
        """Give the dataclass that annotates `options`, or None where the class declares none."""
        for base in cls.__mro__:
            if _declares_options(base):
                # Its other annotations may be known to the type checker only.
                only = SimpleNamespace(__annotations__={"options": _annotations(base)["options"]})
                module = getattr(sys.modules.get(base.__module__), "__dict__", {})
                return get_type_hints(only, module, vars(base))["options"]
        return None

    signatures: ClassVar[dict[str, signature.Signature]] = {}
    """By name of the operation; filled in when a subclass is defined."""

    def configured(self) -> None:
        """Look at `self.options` as a whole, after each field was checked by itself.

        Raises:
            OptionError: They do not fit together.
        """


def _annotations(of: type) -> dict[str, Any]:
    found: dict[str, Any] = of.__dict__.get("__annotations__", {})  # noqa: RUF063  # inspect costs 4 ms of a plugin's start
    return found


def _declares_options(base: type) -> bool:
    return base is not Component and "options" in _annotations(base)


class Builder(Component):
    """Makes an artifact from source: `build`, and where it differs `build_odr` for on-demand runners."""

    kind = "builder"


class Registry(Component):
    """Brings an artifact to where platforms fetch it: `push` and `access`.

    `access` gives credentials for the registry before an artifact exists.
    Waypoint 0.11.4 demands it of every registry: without it each build fails.
    """

    kind = "registry"


class Platform(Component):
    """Runs an artifact: `deploy`.

    Can also: `destroy`, `destroy_workspace`, `status`, `logs`, `exec`,
    `generation`, `default_releaser`.
    """

    kind = "platform"


class ReleaseManager(Component):
    """Directs traffic to a deployment: `release`.

    Can also: `destroy`, `destroy_workspace`, `status`.
    """

    kind = "releasemanager"


class ConfigSourcer(Component):
    """Reads configuration values from elsewhere: `read` and `stop`."""

    kind = "configsourcer"


class TaskLauncher(Component):
    """Runs an image to its end: `start`, `stop`, `watch`."""

    kind = "tasklauncher"
