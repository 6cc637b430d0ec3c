"""Turns the mover's errors into those that `wps` shows; both have the same four parts."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from imagemover.errors import DeniedError, ImageError, MissingError, ReferenceSyntaxError
from teamconfig.errors import Problem, StandardsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from teamconfig.errors import Kind


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Turn errors inside the block.

    Yields:
        Nothing.

    Raises:
        StandardsError: The mover has refused something.
    """
    try:
        yield
    except ImageError as err:
        raise StandardsError([problem(err)]) from err


def problem(err: ImageError) -> Problem:
    """Give an error as a problem.

    Args:
        err: The mover's.

    Returns:
        Its four parts, with who has to act.
    """
    kind: Kind = "state"
    if isinstance(err, ReferenceSyntaxError):
        kind = "option"
    elif isinstance(err, MissingError):
        kind = "missing"
    elif isinstance(err, DeniedError):
        kind = "policy"
    return Problem(err.what, err.why, err.fix, err.where, kind)
