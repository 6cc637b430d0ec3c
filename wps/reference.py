"""The reference of the image to deploy, as a user wrote it: refused here, before it stands in a file or a manifest.

What the image mover makes of names is `wps.images.names`.
"""

from __future__ import annotations

from imagemover import references
from imagemover.errors import ReferenceSyntaxError
from teamconfig import errors


def check(text: str, where: str) -> None:
    """Refuse what is no reference.

    Args:
        text: As the user wrote it.
        where: The argument or the line that says it.

    Raises:
        StandardsError: It is none (kind option).
    """
    try:
        references.parse(text)
    except ReferenceSyntaxError as err:
        what = f'image "{text}" is not a reference'
        fix = "write HOST/NAME:TAG, or HOST/NAME@sha256:..."
        raise errors.StandardsError([errors.Problem(what, err.why, fix, where, "option")]) from err
