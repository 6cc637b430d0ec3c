"""What `wps create` is to write, and whether the standards permit it in every environment."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from teamconfig import StandardsError, errors, kinds, resolve, schema
from teamconfig.model import SECTIONS
from teamconfig.ranks import Rank
from teamconfig.stanza import literal
from wps import appfile, positions, selection, template
from wps.sizing import PLATFORMS, Infra, Size

if TYPE_CHECKING:
    from collections.abc import Mapping

    from teamconfig.profile import Profile
    from teamconfig.tree import Tree
    from wps.appfile import AppFile
    from wps.detecting import Found
    from wps.sizing import Platform


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user asks of an app.

    Args:
        app: Its name.
        infra: Where it runs.
        size: How much of a machine it gets, or None.
        cpu: CPU, or None.
        memory: Memory, or None.
        port: Port; 0 for none; None for that of the standards, or of the file.
        image: An image that is there, or None for a build.
        port_from: Where the port was said.
    """

    app: str
    infra: Infra
    size: Size | None = None
    cpu: str | None = None
    memory: str | None = None
    port: int | None = None
    image: str | None = None
    port_from: str = "the argument --port"

    @property
    def platform(self) -> Platform:
        """What its infrastructure is called elsewhere."""
        return PLATFORMS[self.infra]

    def values(self) -> dict[str, tuple[Any, str]]:
        """Give each option that is asked for, with the argument that asks."""
        found: dict[str, tuple[Any, str]] = {}
        if self.size is not None:
            asked = f"the argument --resources {self.size.value}"
            found["cpu"], found["memory"] = ((one, asked) for one in self.platform.sizes[self.size])
        for name, value in (("cpu", self.cpu), ("memory", self.memory)):
            if value is not None:
                found[name] = (value, f"the argument --{name}")
        if self.port is not None:
            found["port"] = (self.port, self.port_from)
        return found


@dataclass(slots=True)
class Bases:
    """The standards of an app in every environment, without any option of its own.

    Args:
        tree: The standards.
        project: Waypoint's project.
        app: Waypoint's app.
    """

    tree: Tree
    project: str
    app: str
    profiles: list[Profile] = field(init=False)

    def __post_init__(self) -> None:
        """Resolve them."""
        environments = self.tree.org.environments
        self.profiles = [
            resolve.profile(self.tree, project=self.project, app=self.app, workspace=name) for name in environments
        ]

    def give(self, section: str, name: str, value: Any) -> bool:
        """Tell whether they give a value in every environment."""
        spec = schema.specs(SECTIONS[section])[name]
        try:
            kinds.check(spec, value)
        except kinds.RefusedError:
            return False  # resolving tells it in its words
        return all(kinds.same(spec, value, one.values.get(f"{section}.{name}")) for one in self.profiles)

    def port(self, infra: Infra) -> int:
        """Tell the port that they give.

        Args:
            infra: Where the app runs.

        Returns:
            That of the first environment; 0 for none.
        """
        return int(self.profiles[0].values.get(f"{PLATFORMS[infra].section}.port", 0))

    def overridden(self, infra: Infra, port: int, where: str) -> str:
        """Say so, if a port that nobody chose counts instead of one that the standards set.

        Args:
            infra: Where the app runs.
            port: The port.
            where: What says it: "EXPOSE in Dockerfile".

        Returns:
            A note; empty if the standards set none, or the same.
        """
        name = f"{PLATFORMS[infra].section}.port"
        for one in self.profiles:
            origin = one.provenance[name].winner if name in one.provenance else None
            if origin is not None and origin.rank > Rank.PLUGIN and origin.value != port:
                theirs = f"{name}: {origin.value} of {origin.where}"
                return f"port {port} of {where} is written into the file, and counts instead of {theirs}"
        return ""

    def registry(self) -> str:
        """Name the repository of the app's images; empty if the standards name no registry."""
        registry = self.profiles[0].registry
        return f"{registry.url}/{registry.repository}" if registry.url and registry.repository else ""


def text(
    before: str,
    path: str,
    wishes: Wishes,
    bases: Bases,
    build: template.Build | None,
    carried: Mapping[str, Any] | None = None,
) -> str:
    """Write the file.

    Args:
        before: Its text now; empty for a new one.
        path: Its name.
        wishes: What is asked of the app.
        bases: Its standards.
        build: How it is built; None leaves what is there.
        carried: Options that it has by the words of another platform, said in this one's.

    Returns:
        Its text as it should be.
    """
    section = wishes.platform.section
    options = {
        name: None if bases.give(section, name, value) else literal(value)
        for name, (value, _) in wishes.values().items()
    }
    known = schema.specs(SECTIONS[section])
    kept = {name: value for name, value in (carried or {}).items() if name not in options}
    plain = {name: literal(value) for name, value in kept.items() if known[name].block is None}
    blocks = {name: value for name, value in kept.items() if known[name].block is not None}
    app = template.App(wishes.app, wishes.platform.plugin, build, plain | options, blocks)
    return template.write(before, path, bases.project, app)


def build(wishes: Wishes, file: AppFile | None, bases: Bases, found: Found) -> template.Build | None:
    """Choose how the app is built.

    Args:
        wishes: What is asked of it.
        file: The file that is there, or None.
        bases: Its standards.
        found: What its directory tells.

    Returns:
        The build, or None if the file has one and nothing else is asked for.

    Raises:
        StandardsError: Nothing tells how (kind missing).
    """
    if wishes.image is not None:
        return template.Build("team-k8s", wishes.image)
    block = file.root.find("app", wishes.app) if file is not None else None
    if block is not None and block.find("build") is not None:
        return None
    if not found.builder:
        why = "its directory has no Dockerfile, and no package.json, go.mod, pyproject.toml or the like"
        fix = "add a Dockerfile, or give an image that is there with --image REF"
        raise errors.missing(f"nothing tells how {wishes.app} is built", why, fix, "")
    return template.Build(found.builder, bases.registry())


def deployed_by(file: AppFile | None, app: str) -> str:
    """Tell the plugin that a file deploys an app with.

    Args:
        file: The file, or None.
        app: Name of the app.

    Returns:
        The plugin's name; empty if the file has no such app, or no deploy for it.
    """
    block = file.root.find("app", app) if file is not None else None
    deploy = block.find("deploy") if block is not None else None
    use = deploy.find("use") if deploy is not None else None
    return use.labels[0] if use is not None and use.labels else ""


def check(tree: Tree, file: AppFile, wishes: Wishes) -> dict[str, Profile]:
    """Resolve what is to be written, in every environment that can be looked at: a kept copy tells of no protected one.

    Args:
        tree: The standards.
        file: The file as it should be.
        wishes: What is asked, to name the arguments that ask it.

    Returns:
        The profile by environment.

    Raises:
        StandardsError: The standards do not permit it somewhere; each problem names its environments.
    """
    profiles: dict[str, Profile] = {}
    seen: dict[errors.Problem, list[str]] = {}
    looked_at = [one for one in tree.org.environments if not (tree.offline and one in tree.org.protected)]
    for environment in looked_at:
        found = appfile.options(file, wishes.app, environment)
        lines = {**found.lines, **_arguments(wishes)}
        try:
            profiles[environment] = selection.profiles(tree, file.project, wishes.app, environment, found)[0]
        except StandardsError as err:
            for problem in positions.located(err, lines).problems:
                seen.setdefault(spoken(problem, wishes), []).append(environment)
    if seen:
        problems = [
            problem if where == looked_at else _in(problem, where) for problem, where in seen.items()
        ]  # fmt: skip
        raise StandardsError(problems, f"{len(problems)} problems with {file.project}/{wishes.app}")
    return profiles


def spoken(problem: errors.Problem, wishes: Wishes) -> errors.Problem:
    """Speak of the arguments of `wps create`, not of lines that are not written yet.

    Args:
        problem: Of an option in waypoint.hcl, with its place.
        wishes: What is asked.

    Returns:
        The problem in words of the command line, if an argument asks for the option; else as it is.
    """
    for name, (value, where) in wishes.values().items():
        written = f"{name} = {literal(value)}"
        flag = where.removeprefix("the argument ")
        if flag == where or not problem.where.startswith(where) or f"option {written} " not in problem.what:
            continue
        said, instead = f"{flag} {value}", f"write {flag}"
        if wishes.size is not None and name != "port":
            said = f"{flag}, which is {name} {value},"
            instead = f"choose another size, or leave --resources out and write --{name}"
        fix = re.sub(rf'\bwrite {name} = "?([^",\s]+)"?', rf"{instead} \1", problem.fix)
        return dataclasses.replace(problem, what=problem.what.replace(f"option {written}", said), fix=fix)
    return problem


def _arguments(wishes: Wishes) -> Mapping[str, str]:
    return {f"app.{wishes.app}.deploy.use.{name}": where for name, (_, where) in wishes.values().items()}


def _in(problem: errors.Problem, environments: list[str]) -> errors.Problem:
    where = f"{problem.where}, in {' and '.join(environments)}"
    return errors.Problem(problem.what, problem.why, problem.fix, where, problem.kind)
