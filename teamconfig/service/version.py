"""Which version of Waypaas this is."""

from __future__ import annotations

from importlib import metadata

VERSION = metadata.version("waypaas")
"""As in pyproject.toml."""
