"""Lines of waypoint.hcl for what `teamconfig`, which sees no file, names by its path: app.web.deploy.use.memory."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from teamconfig import StandardsError
    from teamconfig.profile import Candidate, Profile, Provenance

_LAST = re.compile(r'(\.[^.\[\]"]+|\["[^"]*"\])$')


def line(lines: Mapping[str, str], path: str) -> str:
    """Find the line of an option.

    Args:
        lines: `file:line` by path of an option, block or `use`.
        path: Path of one of them, or of an entry within; or anything else.

    Returns:
        `file:line` of it, or of the nearest thing around it; empty if the path is none of waypoint.hcl.
    """
    while path and path not in lines:
        shorter = _LAST.sub("", path)
        path = shorter if shorter != path else ""
    return lines.get(path, "")


def located(err: StandardsError, lines: Mapping[str, str]) -> StandardsError:
    """Put the line before the path of each problem, in place.

    Args:
        err: What was refused; keeps its class, and what a service has told of the request.
        lines: As in `line`.

    Returns:
        The very same error, in which the reader now sees where to go.
    """
    problems = []
    for problem in err.problems:
        found = line(lines, problem.where)
        where = f"{found} ({problem.where})" if found else problem.where
        problems.append(dataclasses.replace(problem, where=where))
    err.problems = tuple(problems)
    return err


def profile(resolved: Profile, lines: Mapping[str, str]) -> Profile:
    """Name the origin of each value by its line.

    Args:
        resolved: The profile of an app.
        lines: As in `line`.

    Returns:
        The same profile, with lines for paths.
    """
    origins = {name: _origin(origin, lines) for name, origin in resolved.provenance.items()}
    return dataclasses.replace(resolved, provenance=origins)


def _origin(origin: Provenance, lines: Mapping[str, str]) -> Provenance:
    def candidate(one: Candidate) -> Candidate:
        return dataclasses.replace(one, where=line(lines, one.where) or one.where)

    losers = tuple(candidate(loser) for loser in origin.losers)
    return dataclasses.replace(origin, winner=candidate(origin.winner), losers=losers)
