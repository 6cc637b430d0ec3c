"""The commands of `wps`, and the command line that finds them: a command's file is loaded when it is run.

To add a command: a file with `app = commands.app()` and a function under `@app.command`, and one line in COMMANDS.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
import typer.core
import typer.main

if TYPE_CHECKING:
    from collections.abc import Callable

Run = TypeVar("Run", bound="Callable[..., int]")

VARIABLE = "_WPS_COMPLETE"
"""Set by the completion scripts, which ask the program itself what may follow."""

_ABOUT = (
    "Create the waypoint.hcl of an app, explain and check the standards of your team, plan and render what a deploy "
    "makes of them, import files of Waypoint's own plugins, and sign in where a team config service holds everybody to "
    "the standards."
)
_EXIT_CODES = (
    "Exit codes: 0 done; 1 the answer is no, or it could not be done; 2 the command line was wrong, or `wps plan` "
    "found changes; 75 the service cannot be reached; 130 interrupted."
)


@dataclass(frozen=True, slots=True)
class Command:
    """A command, before its file is loaded.

    Args:
        module: The file that has it, as `app`.
        summary: Its line in the help of the program.
    """

    module: str
    summary: str


COMMANDS = {
    "init": Command("wps.init", "sign in at the team config service, or name standards without one"),
    "create": Command("wps.create", "write the waypoint.hcl of an app"),
    "explain": Command("wps.explain", "show which value each standard has, and where it comes from"),
    "plan": Command("wps.plan", "show what a deploy would change on the cluster"),
    "render": Command("wps.render", "write the manifests that a deploy applies"),
    "promote": Command("wps.promote", "bring the release of one environment into the next"),
    "rollback": Command("wps.rollback", "bring back what an environment had before, and hold it"),
    "reject": Command("wps.reject", "refuse an image everywhere, and show where it runs"),
    "releases": Command("wps.releases", "show which release is in which environment"),
    "diff": Command("wps.diff", "compare an app in two environments"),
    "verify": Command("wps.verify", "check the release records, offline"),
    "preview": Command("wps.preview", "deploy a branch into a workspace of its own, for a while"),
    "ci": Command("wps.ci", "write the pipeline of a CI system"),
    "iam": Command("wps.iam", "print the policy at AWS of a role that deploys an app"),
    "whoami": Command("wps.whoami", "show who you are, your teams, and what is allowed"),
    "status": Command("wps.status", "show whether the team config service is well"),
    "projects": Command("wps.projects", "list the projects of your teams"),
    "approve": Command("wps.approve", "approve what somebody else asked for"),
    "lock": Command("wps.lock", "shut out a user, team, project or device"),
    "unlock": Command("wps.unlock", "let them in again"),
    "locks": Command("wps.locks", "list who is shut out"),
    "audit": Command("wps.audit", "read the audit, check that it is whole"),
    "logout": Command("wps.logout", "end your session"),
    "doctor": Command("wps.doctor", "find what is broken here, and how to mend it"),
    "standards": Command("wps.standards", "check standards, print their schema"),
    "policy": Command("wps.policy", "test who may do what"),
    "serve": Command("wps.serve", "run the team config service"),
    "plugins": Command("wps.plugins", "build, sign, publish and install plugin binaries"),
    "test": Command("wps.test", "run the tests of an app, of its source or of a deployment"),
    "image": Command("wps.image", "copy, look at and compare container images by digest"),
    "import": Command("wps.importing", "rewrite a file of Waypoint's own plugins for ours"),
    "completion": Command("wps.completion", "print the completion script of a shell"),
}
"""In the order of the help."""


class UnknownCommandError(typer.TyperException):
    """There is no command of that name.

    Args:
        name: As written.
        known: All that there are.
        ctx: The context of the group.
    """

    def __init__(self, name: str, known: list[str], ctx: Any) -> None:
        super().__init__(name)
        self.name = name
        self.known = known
        self.ctx = ctx


_PLAIN = (str, int, Path)
"""What is read here. Typer reads all by pydantic, whose import costs 250 ms."""


def _read(parameter: Any, fully: Callable[[Any, Any], Any], context: Any, value: Any) -> Any:
    """Read the value of a parameter; what is not plain, or wrong, is left to Typer."""
    kind = getattr(getattr(parameter, "type_descriptor", None), "annotation", None)
    if kind == list[str] and parameter.callback is None and (value or not parameter.required):
        return list(value) if value else None
    if value is not None:
        if kind not in _PLAIN or parameter.nargs != 1:
            return fully(context, value)
        try:
            value = kind(value)
        except ValueError:
            return fully(context, value)
    elif parameter.required or parameter.multiple or parameter.nargs != 1:
        return fully(context, value)
    return value if parameter.callback is None else parameter.callback(context, parameter, value)


def _plain(parameters: list[Any]) -> list[Any]:
    """Let parameters be read by `_read`."""
    for parameter in parameters:
        if not isinstance(parameter.process_value, functools.partial):
            parameter.process_value = functools.partial(_read, parameter, parameter.process_value)
    return parameters


class _Plain(typer.core.TyperCommand):
    """A command."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Give the parameters."""
        return _plain(super().get_params(ctx))


class Group(typer.core.TyperGroup):
    """A group that tells an unknown command as data, for `words` to find what was meant."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Find the command that the first argument names.

        Args:
            ctx: Typer's context.
            args: At least one.

        Returns:
            Name, command, and its arguments.

        Raises:
            UnknownCommandError: There is none.
        """
        if not ctx.resilient_parsing and self.get_command(ctx, args[0]) is None:
            raise UnknownCommandError(args[0], self.list_commands(ctx), ctx)
        return super().resolve_command(ctx, args)

    def get_params(self, ctx: Any) -> list[Any]:
        """Give the parameters.

        Args:
            ctx: Typer's context.

        Returns:
            The options.
        """
        return _plain(super().get_params(ctx))


@functools.cache
def _load(module: str) -> Any:
    """Load a command, and build its command line; a standby has done so before there are arguments."""
    return typer.main.get_command(importlib.import_module(module).app)


class Program(Group):
    """The program: its commands are those of COMMANDS."""

    def list_commands(self, ctx: Any) -> list[str]:
        """List the names of the commands.

        Args:
            ctx: Not used.

        Returns:
            The names, in the order of the help.
        """
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Load a command.

        Args:
            ctx: Not used.
            cmd_name: Its name.

        Returns:
            Typer's command, or None if there is none of that name.
        """
        del ctx
        command = COMMANDS.get(cmd_name)
        return _load(command.module) if command is not None else None

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands into the help, without loading them.

        Args:
            ctx: Not used.
            formatter: What the help is written to.
        """
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.summary) for name, command in COMMANDS.items()])


class App(typer.Typer):
    """The command line of a command."""

    def command(self, *arguments: Any, **settings: Any) -> Callable[[Run], Run]:
        """Declare a function to be a command.

        Args:
            *arguments: As Typer's.
            **settings: As Typer's.

        Returns:
            Typer's decorator.
        """
        return super().command(*arguments, cls=_Plain, **settings)


def app(about: str = "") -> App:
    """Make the command line of a command.

    Args:
        about: For a command that has only actions of its own (`wps standards check`): what they are about.

    Returns:
        What functions are added to by `@app.command`.
    """
    made = App(cls=Group, add_completion=False, rich_markup_mode=None, suggest_commands=False)
    if about:
        made.callback(help=about, subcommand_metavar="ACTION [ARGS]...")(_nothing)
    return made


def _nothing() -> None:
    """Take part in no action."""


@functools.cache
def root() -> Any:
    """Build the command line of the program.

    Returns:
        Typer's group; whoever runs it gets the exit code.
    """
    made = typer.Typer(
        cls=Program, add_completion=False, rich_markup_mode=None, suggest_commands=False, invoke_without_command=True,
        context_settings={"help_option_names": ["-h", "--help"]}, help=_ABOUT, epilog=_EXIT_CODES, callback=_program,
    )  # fmt: skip
    return typer.main.get_command(made)


def complete(instruction: str) -> int:
    """Answer a completion script, or print one.

    Args:
        instruction: "complete_bash" as the script asks, or "source_bash" for the script itself.

    Returns:
        The exit code.
    """
    from typer import completion  # noqa: PLC0415  # only Tab needs it

    completion.get_completion_inspect_parameters()  # makes the shells known
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = completion.shell_complete(root(), {}, "wps", VARIABLE, instruction)
    print(said.getvalue().strip("\n"))  # zsh wants its script to begin with #compdef
    return code


def _program(
    context: typer.Context,
    *,
    version: Annotated[bool, typer.Option("--version", help="print the version and exit")] = False,
) -> int:
    """Show the help where no command is named."""
    if version:
        from wps import version as own  # noqa: PLC0415  # costs 20 ms

        print(own.line())
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(context.get_help())
        return 2
    return 0
