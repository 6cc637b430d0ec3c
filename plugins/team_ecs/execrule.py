"""Whether the standards permit an exec session, and what of it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from waypaas_sdk.errors import PolicyError, StateError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from teamconfig.profile import Profile

SECTION = "ecs"


def permit(profile: Profile, command: Sequence[str]) -> None:
    """Hold a command against the standards `ecs.exec` and `ecs.exec_commands`.

    Args:
        profile: The resolved standards of the environment.
        command: Program and arguments.

    Raises:
        PolicyError: It is not permitted; names the rule, whose it is and how to ask.
        StateError: There is no command.
    """
    wanted = profile.ecs
    if profile.protected or wanted.exec != "allow":
        raise PolicyError(
            f"waypoint exec is not permitted in {profile.environment}",
            why=_rule(profile, "exec", "deny"),
            fix=_ask(profile, "exec"),
        )
    if not command:
        raise StateError("the session names no command", fix="write it after `waypoint exec`, as /bin/sh")
    allowed = wanted.exec_commands
    if allowed and command[0] not in allowed:
        raise PolicyError(
            f"waypoint exec may not run {command[0]!r} in {profile.environment}",
            why=_rule(profile, "exec_commands", ", ".join(allowed)),
            fix=_ask(profile, "exec_commands"),
        )


def permitted_environment(profile: Profile, given: Sequence[str]) -> list[str]:
    """Choose which variables a session may set.

    Args:
        profile: The resolved standards of the environment.
        given: NAME=value each.

    Returns:
        All of them; none but TERM where only some programs may run, as PATH and the like would choose others.

    Raises:
        StateError: One is no NAME=value, and would be run as a program.
    """
    wrong = [entry for entry in given if not entry.partition("=")[0] or "=" not in entry]
    if wrong:
        raise StateError(f"the session's environment has {len(wrong)} entries that are no NAME=value")
    if profile.ecs.exec_commands:
        return [entry for entry in given if entry.startswith("TERM=")]
    return list(given)


def _rule(profile: Profile, key: str, value: str) -> str:
    if profile.protected and key == "exec":
        return f"{profile.environment} is a protected environment, in which nobody may open a shell"
    origin = profile.origin(SECTION, key)
    if origin is None:
        return f"the standard {SECTION}.{key} is {value}"
    place = f" ({origin.winner.place})" if origin.winner.place else ""
    reasons = [f"; {rule.reason} ({rule.owner})" for rule in origin.rules if rule.reason]
    return f"the standard {SECTION}.{key} is {value}, by {origin.winner.layer}{place}" + "".join(reasons)


def _ask(profile: Profile, key: str) -> str:
    origin = profile.origin(SECTION, key)
    who = f"; it may be changed by: {origin.may_change}" if origin is not None and not profile.protected else ""
    return f"use `waypoint logs` and `waypoint status`, or another environment{who}"
