"""Whether an exec session is permitted, and what of it.

By what was stored at the deploy, and by the standards `exec` and
`exec_commands` of a plugin's own section as they are now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from teamplugin import standards
from teamplugin.identity import Identity, refuse_other
from waypaas_sdk.errors import PolicyError, StateError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from teamconfig.profile import Profile
    from teamplugin.standards import Resolved
    from waypaas_sdk.arguments import JobInfo


def resolve(section: str, identity: Identity, job: JobInfo, where: Path | str, *, protected: bool) -> Resolved:
    """Read the standards that a session is judged by.

    Args:
        section: Of the standards: "kubernetes", "ecs".
        identity: Whose deployment it is.
        job: Says project, app and workspace.
        where: The standards are found from there.
        protected: Whether the environment was protected when it was deployed.

    Returns:
        The standards.

    Raises:
        PolicyError: It was protected, or the job is about another app.
        PluginError: The standards cannot be read.
    """
    refuse_other(identity, job)
    if protected:
        raise PolicyError(
            f"waypoint exec is not permitted in {identity.environment}",
            why="it was a protected environment when this was deployed, in which nobody may open a shell",
            fix="use `waypoint logs` and `waypoint status`, or another environment",
        )
    return standards.resolve(section, where, identity.project, identity.app, identity.workspace)


def permit_session(profile: Profile, section: str) -> None:
    """Hold a session against the standard `exec`.

    Args:
        profile: The resolved standards of the environment.
        section: As in `resolve`.

    Raises:
        PolicyError: There may be none; names the rule, whose it is and how to ask.
    """
    if profile.protected or getattr(profile.standards, section).exec != "allow":
        raise PolicyError(
            f"waypoint exec is not permitted in {profile.environment}",
            why=_rule(profile, section, "exec", "deny"),
            fix=_ask(profile, section, "exec"),
        )


def permit_command(profile: Profile, section: str, command: Sequence[str]) -> None:
    """Hold a command against the standard `exec_commands`.

    Args:
        profile: The resolved standards of the environment.
        section: As in `resolve`.
        command: Program and arguments.

    Raises:
        PolicyError: It may not be run; names the rule, whose it is and how to ask.
    """
    allowed = getattr(profile.standards, section).exec_commands
    if allowed and (not command or command[0] not in allowed):
        raise PolicyError(
            f"waypoint exec may not run {command[0] if command else 'nothing'!r} in {profile.environment}",
            why=_rule(profile, section, "exec_commands", ", ".join(allowed)),
            fix=_ask(profile, section, "exec_commands"),
        )


def permitted_environment(profile: Profile, section: str, given: Sequence[str]) -> list[str]:
    """Choose which variables a session may set.

    Args:
        profile: The resolved standards of the environment.
        section: As in `resolve`.
        given: NAME=value each.

    Returns:
        All of them; none but TERM where only some programs may run, as PATH and the like would choose others.

    Raises:
        StateError: One is no NAME=value, and would be run as a program.
    """
    wrong = [entry for entry in given if not entry.partition("=")[0] or "=" not in entry]
    if wrong:
        raise StateError(f"the session's environment has {len(wrong)} entries that are no NAME=value")
    if getattr(profile.standards, section).exec_commands:
        return [entry for entry in given if entry.startswith("TERM=")]
    return list(given)


def _rule(profile: Profile, section: str, key: str, value: str) -> str:
    if profile.protected and key == "exec":
        return f"{profile.environment} is a protected environment, in which nobody may open a shell"
    origin = profile.origin(section, key)
    if origin is None:
        return f"the standard {section}.{key} is {value}"
    place = f" ({origin.winner.place})" if origin.winner.place else ""
    reasons = [f"; {rule.reason} ({rule.owner})" for rule in origin.rules if rule.reason]
    return f"the standard {section}.{key} is {value}, by {origin.winner.layer}{place}" + "".join(reasons)


def _ask(profile: Profile, section: str, key: str) -> str:
    origin = profile.origin(section, key)
    who = f"; it may be changed by: {origin.may_change}" if origin is not None and not profile.protected else ""
    return f"use `waypoint logs` and `waypoint status`, or another environment{who}"
