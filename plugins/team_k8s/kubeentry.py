"""One entry of a kubeconfig. Its errors name file and key, and never show a value: it may be a credential."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from waypaas_sdk.errors import StateError

if TYPE_CHECKING:
    from collections.abc import Mapping

FIX = "mend it, or log in again"


def mapping(value: Any, path: Path, key: str) -> Mapping[str, Any]:
    """Take a value that must be a mapping; absent is an empty one.

    Raises:
        StateError: It is something else.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise broken(path, key, "it must be a mapping")
    return value


def listing(value: Any, path: Path, key: str) -> list[Any]:
    """Take a value that must be a list; absent is an empty one.

    Raises:
        StateError: It is something else.
    """
    if value is None:
        return []
    if not isinstance(value, list):
        raise broken(path, key, "it must be a list")
    return value


def broken(path: Path, key: str, why: str) -> StateError:
    """Say what is wrong with a field of a file.

    Args:
        path: Of the file.
        key: Of the field: "users.alice.token".
        why: What it must be; not what it is.

    Returns:
        The error to raise.
    """
    return StateError("a kubeconfig has a field that cannot be used", why=why, fix=FIX, where=f"{path}, {key}")


@dataclass(frozen=True)
class Entry:
    """A context, cluster or user, or a part of one.

    Args:
        values: Its fields.
        path: Of the file that it is from.
        key: Of itself in that file: "users.alice".
    """

    values: Mapping[str, Any] = field(repr=False)
    path: Path
    key: str

    def broken(self, name: str, why: str) -> StateError:
        """Say what is wrong with a field, as `broken` of the module."""
        return broken(self.path, f"{self.key}.{name}", why)

    def text(self, name: str, *, required: bool = False) -> str:
        """Read a text.

        Args:
            name: Of the field.
            required: Refuse an empty one.

        Returns:
            The text; empty where there is none.

        Raises:
            StateError: It is no text, or is required and not there.
        """
        value = self.values.get(name)
        if value is not None and not isinstance(value, str):
            raise self.broken(name, "it must be a text; numbers need quotes")
        if required and not value:
            raise self.broken(name, "it is missing")
        return value or ""

    def part(self, name: str) -> Entry | None:
        """Read a part that is a mapping; None where there is none.

        Raises:
            StateError: It is no mapping.
        """
        values = mapping(self.values.get(name), self.path, f"{self.key}.{name}")
        return Entry(values, self.path, f"{self.key}.{name}") if values else None

    def texts(self, name: str) -> list[str]:
        """Read a list of texts; empty where there is none.

        Raises:
            StateError: It is something else.
        """
        found = listing(self.values.get(name), self.path, f"{self.key}.{name}")
        if not all(isinstance(item, str) for item in found):
            raise self.broken(name, "it must be a list of texts; numbers need quotes")
        return found

    def parts(self, name: str) -> list[Entry]:
        """Read a list of mappings; empty where there is none.

        Raises:
            StateError: It is something else.
        """
        found = listing(self.values.get(name), self.path, f"{self.key}.{name}")
        keys = [f"{self.key}.{name}[{number}]" for number in range(len(found))]
        return [Entry(mapping(item, self.path, key), self.path, key) for item, key in zip(found, keys, strict=True)]

    def read(self, name: str) -> bytes:
        """Read the file that a field names, relative to the kubeconfig; empty where there is none.

        Raises:
            StateError: The file cannot be read.
        """
        wanted = self.text(name)
        if not wanted:
            return b""
        path = self.path.parent / Path(wanted).expanduser()
        try:
            return path.read_bytes()
        except OSError as err:
            raise self.broken(name, f"the file {path} cannot be read: {err.strerror}") from err

    def data(self, name: str) -> bytes:
        """Read NAME-data, which is base64, else the file that NAME names; empty where there is neither.

        Raises:
            StateError: It is no base64, or the file cannot be read.
        """
        encoded = self.text(f"{name}-data")
        if not encoded:
            return self.read(name)
        try:
            return base64.b64decode("".join(encoded.split()), validate=True)
        except ValueError:
            raise self.broken(f"{name}-data", "it must be base64") from None
