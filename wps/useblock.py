"""The options of one `use` in waypoint.hcl, held against the model as Waypoint's host does before it asks a plugin.

Owns what is an attribute and what is a block, and conversion. Whether a value is right is told by `teamconfig`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from teamconfig.errors import Problem
from teamconfig.keys import nearest
from teamconfig.kinds import WANTED
from teamconfig.model import SECTIONS, Network
from teamconfig.schema import Spec, specs
from wps import conversion, hclfile

if TYPE_CHECKING:
    from collections.abc import Mapping

BUILD: Mapping[str, Spec] = {"image": Spec("image", "string", "The image to deploy, with its tag or digest.")}
"""Options of `use "team-k8s"` in a build stanza; no standard is about them. Source: team_k8s/builder.py."""

NETWORKED: Mapping[str, str] = {"kubernetes": "team-k8s", "ecs": "team-ecs"}
"""Plugin by section: in its `use` may stand a block `network`, which is a section of the standards of its own."""


def options(section: str) -> Mapping[str, Spec]:
    """List the options of a plugin.

    Args:
        section: Section of the standards that they belong to.

    Returns:
        Spec by name.
    """
    found = dict(specs(SECTIONS[section]))
    if section in NETWORKED:
        found["network"] = Spec("network", "block", "How the world reaches the app.", block=Network)
    return found


class Reader:
    """Reads the `use` blocks of one file, and collects what there is to say about them.

    Args:
        file: Name of the file.

    Attributes:
        problems: What Waypoint would refuse.
        undecided: "path = expression" of each option that only Waypoint can work out, when it runs.
        lines: `file:line` by path.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.undecided: list[str] = []
        self.lines: dict[str, str] = {}

    def values(self, block: hclfile.Block, known: Mapping[str, Spec], path: str) -> dict[str, Any]:
        """Nest what a block sets.

        Args:
            block: A `use`, or a block within.
            known: What may stand in it; what is not known is kept, for `teamconfig` to refuse.
            path: Its path: "app.web.deploy.use".

        Returns:
            Values by name, converted to their kinds; a block that may stand several times is a list.
        """
        self.lines.setdefault(path, f"{self.file}:{block.line}")
        values: dict[str, Any] = {}
        for name, value in block.attributes.items():
            spec, inside = known.get(name), f"{path}.{name}"
            self.lines[inside] = f"{self.file}:{block.lines[name]}"
            if spec is not None and spec.kind in ("block", "blocks"):
                what = f"option {name} is written with ="
                fix = f"write {name} {{ ... }}" + (", once for each" if spec.kind == "blocks" else "")
                self._refuse(what, f"{name} is {WANTED[spec.kind]}, which HCL writes without =", fix, inside)
                continue
            kept = self._kept(value, inside)
            if kept is not None:
                values[name] = conversion.fitting(spec.kind, kept) if spec is not None else kept
        for inner in block.blocks:
            self._block(inner, known, path, values)
        return values

    def unknown(self, values: Mapping[str, Any], known: Mapping[str, Spec], path: str, whose: str) -> None:
        """Refuse what is not known, where `teamconfig` will not see it.

        Args:
            values: What a `use` sets.
            known: What may stand in it.
            path: Its path.
            whose: What has no such option.
        """
        for name in values:
            if name not in known:
                close = nearest(name, known)
                fix = f"write {close}" if close else "remove it"
                self._refuse(f"unknown option {name}", f"{whose} has no such option", fix, f"{path}.{name}")

    def meant_network(self, values: dict[str, Any], section: str, path: str) -> None:
        """Refuse a mistyped `network`, which `teamconfig` does not suggest: for it that is a section of its own.

        Args:
            values: What a `use` sets; a slip is taken out.
            section: One of NETWORKED.
            path: Its path.
        """
        known, why = options(section), f"{NETWORKED[section]} has no such option"
        for name in [name for name in values if name not in known and nearest(name, known) == "network"]:
            del values[name]
            self._refuse(f"unknown option {name}", why, "write network", f"{path}.{name}")

    def _block(self, inner: hclfile.Block, known: Mapping[str, Spec], path: str, values: dict[str, Any]) -> None:
        """Read a block within another one."""
        name, inside = inner.type, f"{path}.{inner.type}"
        spec, at = known.get(name), f"{self.file}:{inner.line}"
        self.lines.setdefault(inside, at)
        if spec is None:
            values[name] = {}
        elif spec.block is None:
            why = f"{name} is {WANTED[spec.kind]}, which HCL writes with ="
            value = "{ ... }" if spec.kind == "map" else "..."
            self._refuse(f"option {name} is written as a block", why, f"write {name} = {value}", inside, at)
        elif inner.labels:
            what = f'block {name} has a label, "{inner.labels[0]}"'
            self._refuse(what, f"blocks {name} have none", f"write {name} {{ ... }}", inside, at)
        elif spec.kind == "blocks":
            place = len(values.setdefault(name, []))
            values[name].append(self.values(inner, specs(spec.block), f"{inside}.{place}"))
        elif name in values:
            self._refuse(f"block {name} stands twice", "it may stand only once", "put both into one", inside, at)
        else:
            values[name] = self.values(inner, specs(spec.block), inside)

    def _refuse(self, what: str, why: str, fix: str, path: str, at: str = "") -> None:
        self.problems.append(Problem(what, why, fix, f"{at or self.lines[path]} ({path})", "option"))

    def _kept(self, value: Any, path: str) -> Any:
        """Take out what is undecided; None if nothing is left."""
        if isinstance(value, hclfile.Undecided):
            self.undecided.append(f"{path} = {value.text}")
            return None
        if isinstance(value, list):
            before = len(self.undecided)
            items = [self._kept(item, path) for item in value]
            return items if len(self.undecided) == before else None
        if isinstance(value, dict):
            kept = {name: self._kept(item, f"{path}.{name}") for name, item in value.items()}
            return {name: item for name, item in kept.items() if item is not None}
        return value
