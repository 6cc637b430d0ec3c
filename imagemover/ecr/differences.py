"""How a repository is, and how it should be: one value for each setting, and the error that carries them.

Owns values only.
"""

from __future__ import annotations

from dataclasses import dataclass

from imagemover.errors import ImageError


class SettingsError(ImageError):
    """A repository is not set as it must be, or the wish makes no sense.

    Args:
        differences: All of them.
        what: As in ImageError.
        why: As in ImageError.
        fix: As in ImageError.
        where: As in ImageError.
    """

    def __init__(
        self, differences: tuple[Difference, ...], what: str, why: str = "", fix: str = "", where: str = ""
    ) -> None:
        self.differences = differences
        super().__init__(what, why, fix, where)


@dataclass(frozen=True, slots=True)
class Difference:
    """One setting that is not as wanted.

    Args:
        setting: Its name, such as "scan on push".
        actual: What it is.
        wanted: What it should be.
        is_mendable: Whether it can be changed on a repository that exists.
        fix: What to do where it cannot.
    """

    setting: str
    actual: str
    wanted: str
    is_mendable: bool = True
    fix: str = ""

    def __str__(self) -> str:
        """Give it in one line."""
        return f"{self.setting} is {self.actual}, not {self.wanted}"
