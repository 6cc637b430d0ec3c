"""A small company, and people and jobs in it."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pytest

from teamconfig import reading
from tests.unit.policy import matrix

if TYPE_CHECKING:
    from teamconfig.tree import Tree


@pytest.fixture(scope="session")
def company() -> Tree:
    """Give the standards that the matrix is about."""
    files = {path: textwrap.dedent(text).encode() for path, text in matrix.FILES.items()}
    return reading.tree(files, revision="r", origin="o")
