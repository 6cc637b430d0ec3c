"""What `wps create` asks about a new app at a terminal, beside its names: its size and its port."""

from __future__ import annotations

from wps import questions, sizing

_STANDARD = "standard"


def size() -> sizing.Size | None:
    """Ask for a size.

    Returns:
        The size; None for what the standards give.
    """
    choices = [_STANDARD, *(one.value for one in sizing.Size)]
    answer = questions.ask(
        f"resources, {', '.join(choices[:-1])} or {choices[-1]}", _STANDARD,
        lambda text: "" if text in choices else f"it is one of {', '.join(choices)}",
    )  # fmt: skip
    return None if answer == _STANDARD else sizing.Size(answer)


def port(proposal: int) -> int:
    """Ask for a port.

    Args:
        proposal: What it is if nobody says otherwise.

    Returns:
        The port; 0 for none. Whether it is one, the standards tell.
    """
    answer = questions.ask(
        "port, 0 for a worker without", str(proposal),
        lambda text: "" if text.isascii() and text.isdecimal() and len(text) <= len("65535") else "it is a number",
    )  # fmt: skip
    return int(answer)
