"""The text of a waypoint.hcl: a new one, and the least change to one that is there. Pure.

What stands in a file beside what is asked for stays as it is, to the letter.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from teamconfig.stanza import literal
from wps import hclfile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_STEP = "  "
MAPS = frozenset({"env", "secrets", "secret_env", "config_env", "labels", "tags", "annotations"})
"""Options within blocks that are maps, not blocks."""


@dataclass(frozen=True, slots=True)
class Build:
    """How an app becomes an image.

    Args:
        plugin: Waypoint's builder: docker, pack, or team-k8s for an image that is there already.
        image: That image; for the others, where the image is pushed to, empty for nowhere.
    """

    plugin: str
    image: str = ""


@dataclass(frozen=True, slots=True)
class App:
    """What an app's block has to say.

    Args:
        name: The app.
        plugin: What it is deployed with: team-k8s or team-ecs.
        build: How it is built; None leaves what is there.
        options: HCL of the options to set in its deploy, by name; None removes one.
        blocks: Blocks of a new deploy, by name: values by name, nested; a list of such for several blocks.
    """

    name: str
    plugin: str
    build: Build | None = None
    options: Mapping[str, str | None] = field(default_factory=dict)
    blocks: Mapping[str, Any] = field(default_factory=dict)


def write(text: str, path: str, project: str, app: App) -> str:
    """Write an app into a waypoint.hcl.

    Args:
        text: Of the file now; empty for a new one.
        path: Its name, for errors.
        project: Waypoint's project.
        app: The app.

    Returns:
        The file as it should be; the very same text if it says all that already.

    Raises:
        StandardsError: The file is not valid HCL (kind option).
    """
    if not text.strip():
        return f"project = {literal(project)}\n\n{_block(app)}\n"
    root = hclfile.parse(text, path)
    edits: list[tuple[int, int, str]] = []
    if root.attributes.get("project") != project:
        _, begin, end = root.spans.get("project", (0, 0, 0))
        edits.append((begin, end, literal(project)) if end else (0, 0, f"project = {literal(project)}\n\n"))
    block = root.find("app", app.name)
    if block is None:
        edits.append((len(text), len(text), ("\n" if text.endswith("\n") else "\n\n") + _block(app) + "\n"))
    else:
        edits += _changes(text, block, app)
    for begin, end, new in sorted(edits, reverse=True):
        text = text[:begin] + new + text[end:]
    return text


def code_lines(text: str) -> int:
    """Count the lines that say something.

    Args:
        text: Of a waypoint.hcl.

    Returns:
        Lines but for blank ones, comments, and closing braces.
    """
    lines = (line.strip() for line in text.splitlines())
    return sum(1 for line in lines if line.strip("}") and not line.startswith(("#", "//")))


def _block(app: App) -> str:
    return "\n".join([f"app {literal(app.name)} {{", *_build(app, _STEP), *_deploy(app, _STEP), "}"])


def _build(app: App, indent: str) -> list[str]:
    if app.build is None:
        return []
    plugin, image = app.build.plugin, app.build.image
    inner = indent + _STEP
    if plugin == "team-k8s":
        return [f"{indent}build {{", f'{inner}use "team-k8s" {{ image = {literal(image)} }}', f"{indent}}}"]
    lines = [f"{indent}build {{", f"{inner}use {literal(plugin)} {{}}"]
    if image:
        deep = inner + _STEP
        pushed = [
            f'{deep}use "docker" {{', f"{deep}{_STEP}image = {literal(image)}", f"{deep}{_STEP}tag   = gitrefpretty()",
            f"{deep}}}",
        ]  # fmt: skip
        lines += [f"{inner}registry {{", *pushed, f"{inner}}}"]
    return [*lines, f"{indent}}}"]


def _deploy(app: App, indent: str) -> list[str]:
    options = {name: value for name, value in app.options.items() if value is not None}
    blocks = [line for name, value in app.blocks.items() for line in _nested(name, value, indent + 2 * _STEP)]
    return [f"{indent}deploy {{", *_use(app.plugin, options, indent + _STEP, blocks), f"{indent}}}"]


def _nested(name: str, value: Any, indent: str) -> list[str]:
    """Write a block, or one for each of a list; a map in it is a value of its own."""
    if isinstance(value, list):
        return [line for each in value for line in _nested(name, each, indent)]
    inner = {key: each for key, each in value.items() if isinstance(each, dict) and key not in MAPS}
    width = max((len(key) for key in value if key not in inner), default=0)
    lines = [f"{indent}{_STEP}{key:<{width}} = {literal(each)}" for key, each in value.items() if key not in inner]
    lines += [line for key, each in inner.items() for line in _nested(key, each, indent + _STEP)]
    return [f"{indent}{name} {{", *lines, f"{indent}}}"]


def _use(plugin: str, options: Mapping[str, str], indent: str, blocks: Sequence[str] = ()) -> list[str]:
    """Write a use; one option stands on its line, which is all that HCL permits there."""
    head = f"{indent}use {literal(plugin)} {{"
    if not options and not blocks:
        return [head + "}"]
    width = max(map(len, options), default=0)
    lines = [f"{name:<{width}} = {value}" for name, value in options.items()]
    if len(lines) == 1 and not blocks:
        return [f"{head} {lines[0]} }}"]
    return [head, *(f"{indent}{_STEP}{line}" for line in lines), *blocks, f"{indent}}}"]


def _changes(text: str, block: hclfile.Block, app: App) -> list[tuple[int, int, str]]:
    """Give what to replace in the block of an app, from and to which place."""
    edits: list[tuple[int, int, str]] = []
    indent = _indent(text, block) + _STEP
    begin = block.span[1]
    for name, lines in (("build", _build(app, indent)), ("deploy", _deploy(app, indent))):
        old = block.find(name)
        if old is None and lines:
            edits.append((begin, begin, "\n" + "\n".join(lines)))
        elif old is not None and name == "build" and app.build is not None:
            edits.append((old.span[0], old.span[3], "\n".join(lines).strip()))
        elif old is not None and name == "deploy":
            use = old.find("use")
            if use is not None and use.labels == (app.plugin,):
                edits += _options(text, use, app)
            else:
                edits.append((old.span[0], old.span[3], "\n".join(lines).strip()))
    return edits


def _options(text: str, use: hclfile.Block, app: App) -> list[tuple[int, int, str]]:
    """Give what to replace in a use."""
    begin, end = use.span[1:3]
    wanted = {name: value for name, value in app.options.items() if value is not None}
    if "\n" not in text[begin:end]:
        kept = {name: text[first:last] for name, (_, first, last) in use.spans.items() if name not in app.options}
        same = {name: text[first:last] for name, (_, first, last) in use.spans.items()} == {**kept, **wanted}
        lines = _use(app.plugin, {**kept, **wanted}, _indent(text, use))
        return [] if same or use.blocks else [(use.span[0], use.span[3], "\n".join(lines).strip())]
    edits = []
    for name, value in app.options.items():
        start, first, last = use.spans.get(name, (0, 0, 0))
        if last and value is None:
            edits.append(_line(text, start, last))
        elif last and text[first:last] != value:
            edits.append((first, last, str(value)))
    place = text.index("\n", begin) + 1
    indent = _indent(text, use) + _STEP
    added = "".join(f"{indent}{name} = {value}\n" for name, value in wanted.items() if name not in use.spans)
    return [*edits, (place, place, added)] if added else edits


def _line(text: str, start: int, end: int) -> tuple[int, int, str]:
    """Give the whole line of an option, or the option alone where something else stands beside it."""
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", end)
    last = len(text) if last < 0 else last + 1
    alone = not text[first:start].strip() and not text[end:last].strip()
    return (first, last, "") if alone else (start, end, "")


def _indent(text: str, block: hclfile.Block) -> str:
    """Give the white space before a block."""
    line = text[text.rfind("\n", 0, block.span[0]) + 1 : block.span[0]]
    return line if not line.strip() else line[: len(line) - len(line.lstrip())]
