"""The git flow of an app: which branch leads to which environment, and the commands that bring it there.

Pure, and the same for every CI system. No secret is stored: a job proves what it is by the token of its CI system.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Stage:
    """A job that brings a release into an environment.

    Args:
        environment: Where.
        branch: That it runs on.
        after: Environment whose job has to be done before; empty for none.
        is_manual: Whether somebody has to start it.
    """

    environment: str
    branch: str
    after: str
    is_manual: bool


@dataclass(frozen=True, slots=True)
class Flow:
    """What a pipeline is written of.

    Args:
        app: Name of the app, for titles.
        image: Container image in which jobs run: it has wps, waypoint, git and curl.
        stages: In the order of promotion.
        trunk: Branch whose merges go to the first environment.
        main: Branch whose merges go on.
        service: "host:port" of the team config service; empty without one.
        audience: That the service wants a job's token to be for.
        is_named: Whether commands name the app, as waypoint.hcl has several.
        has_previews: Whether branches get previews.
    """

    app: str
    image: str
    stages: tuple[Stage, ...]
    trunk: str
    main: str
    service: str = ""
    audience: str = ""
    is_named: bool = False
    has_previews: bool = False

    @property
    def sign_in(self) -> tuple[str, ...]:
        """Commands that sign a job in; none without a service."""
        return (f"wps init --service {self.service}",) if self.service else ()

    @property
    def check(self) -> tuple[str, ...]:
        """Commands of a feature branch: its source is tested, its image is built, and nothing is deployed."""
        own = (f" --app {self.app}", f" -app={self.app}") if self.is_named else ("", "")
        checks = (f"wps explain{own[0]} > /dev/null", f"wps test build{own[0]}")
        return (*checks, "waypoint init -plain", f"waypoint build -plain{own[1]}")

    def preview(self, variable: str) -> tuple[str, ...]:
        """Commands that deploy a branch's preview, or renew it.

        Args:
            variable: That holds the name of the branch; a shell fills it in, as a name may hold what a shell reads.

        Returns:
            Shell commands.
        """
        return (f'wps preview up{f" {self.app}" if self.is_named else ""} --branch "${variable}"',)

    def end_preview(self, variable: str) -> tuple[str, ...]:
        """Commands that end a branch's preview.

        Args:
            variable: As of `preview`.

        Returns:
            Shell commands.
        """
        return (f'wps preview down{self._app} --branch "${variable}"',)

    def sweep(self, *, gone: bool) -> tuple[str, ...]:
        """Commands of a scheduled job that ends previews.

        Args:
            gone: Whether the job can ask the remote which branches it has.

        Returns:
            Shell commands.
        """
        return (f"wps preview sweep{' --gone' if gone else ''}{self._app}",)

    @property
    def _app(self) -> str:
        return f" --app {self.app}" if self.is_named else ""

    def promote(self, stage: Stage) -> tuple[str, ...]:
        """Commands of a stage.

        Args:
            stage: One of the flow.

        Returns:
            Shell commands.
        """
        commit = "" if stage.environment == self.stages[0].environment else " --commit HEAD"
        return (f"wps promote{f' {self.app}' if self.is_named else ''} --to {stage.environment}{commit} --yes",)


def stages(environments: Sequence[str], trunk: str, main: str) -> tuple[Stage, ...]:
    """Lay out the git flow.

    Args:
        environments: In the order of promotion.
        trunk: Branch whose merges go to the first.
        main: Branch whose merges go on; the last one of several is for somebody to start.

    Returns:
        A stage for each environment.
    """
    first, *others = environments
    found = [Stage(first, trunk, "", is_manual=False)]
    for place, name in enumerate(others):
        after = others[place - 1] if place else ""
        found.append(Stage(name, main, after, is_manual=place == len(others) - 1))
    return tuple(found)
