"""`wps completion`: the script by which a shell completes commands and options."""

from __future__ import annotations

import enum
from typing import Annotated

import typer

from wps import commands

app = commands.app()


class Shell(enum.StrEnum):
    """Shells that can complete."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


@app.command(
    help="Print the completion script of a shell. In ~/.bashrc: source <(wps completion bash); in ~/.zshrc, behind "
    "compinit: source <(wps completion zsh); for fish: wps completion fish > ~/.config/fish/completions/wps.fish"
)
def run(shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish")]) -> int:
    """Print the script.

    Args:
        shell: Whose.

    Returns:
        The exit code.
    """
    return commands.complete(f"source_{shell.value}")
