"""The packages of a binary: those that uv.lock names for a plugin, each by its hash, and the project's own wheel.

Owns how uv is called for them. Which wheels fit is told by the interpreter and by the form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wps.pluginset import refusals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from wps.pluginset.forms import Form
    from wps.pluginset.interpreter import Interpreter


def lines(checkout: Path, extras: Sequence[str], environ: Mapping[str, str]) -> str:
    """Read what the lock names.

    Args:
        checkout: With the uv.lock.
        extras: Of the distribution.
        environ: For uv.

    Returns:
        Its lines, with hashes.

    Raises:
        StandardsError: uv is not there, or the lock does not fit the project.
    """
    words = [word for extra in extras for word in ("--extra", extra)]
    export = ["uv", "export", "--frozen", "--no-dev", "--no-emit-project", "--quiet", "--no-header", *words]
    return refusals.run(export, cwd=checkout, environ=environ, doing="read uv.lock")


def install(named: str, form: Form, python: Interpreter, into: Path, environ: Mapping[str, str]) -> None:
    """Install what the lock names: wheels alone, each by its hash.

    Args:
        named: Lines of the lock.
        form: Of the binary.
        python: The interpreter.
        into: The folder.
        environ: For uv.

    Raises:
        StandardsError: A package has no wheel for this platform, or another hash.
    """
    listed = into.with_suffix(".txt")
    listed.write_text(named)
    words = ["--require-hashes", "--only-binary", ":all:", "-r", str(listed)]
    _install(words, form, python, into, environ, "install the packages")


def wheel(path: Path, form: Form, python: Interpreter, into: Path, environ: Mapping[str, str]) -> None:
    """Install the project's own wheel.

    Args:
        path: The wheel.
        form: Of the binary.
        python: The interpreter.
        into: The folder.
        environ: For uv.

    Raises:
        StandardsError: It cannot be installed.
    """
    _install([str(path)], form, python, into, environ, "install the wheel")


def _install(
    words: Sequence[str], form: Form, python: Interpreter, into: Path, environ: Mapping[str, str], doing: str
) -> None:
    command = ["uv", "pip", "install", "--quiet", "--no-config", "--no-deps", "--target", str(into)]
    fitting = ["--python", str(python.program), *form.wheels]
    oldest = {"MACOSX_DEPLOYMENT_TARGET": form.oldest} if form.oldest else {}
    refusals.run([*command, *fitting, *words], cwd=into.parent, environ={**environ, **oldest}, doing=doing)
