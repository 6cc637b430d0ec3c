"""One call: who makes it, what it is about, and the rows that it leaves in the audit.

A handler asks `permit` before it does anything, and changes the database by
`commit` only, which writes the audit's row in the same transaction.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from teamconfig.identity.principal import Principal
from teamconfig.policy import authorize, question, right
from teamconfig.policy.standing import Standing
from teamconfig.policy.words import Action, Reason
from teamconfig.service.refusal import Refusal, refuse, unavailable
from teamconfig.state.errors import RefusedError, StateError
from teamconfig.state.writer import Event

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from teamconfig.errors import StandardsError
    from teamconfig.gen.waypaas.v1 import common_pb2
    from teamconfig.identity.principal import Membership
    from teamconfig.policy.authorize import Decision
    from teamconfig.service.core import Core
    from teamconfig.state.sessions import Session
    from teamconfig.state.writer import Outcome
    from teamconfig.tree import Tree

T = TypeVar("T")

COMMIT_SECONDS = 2.5
"""A change that is not in the database by then is answered with "unavailable"."""

NOBODY = Principal("", "")


@dataclass
class Caller:
    """Who makes a call.

    Args:
        session: By which they are known; None where a grant is the proof.
        principal: Who.
        membership: What the issuer says of them.
        standing: What they are in the company.
        fresh: Whether the membership was read for this call.
    """

    session: Session | None
    principal: Principal
    membership: Membership
    standing: Standing
    fresh: bool = False


@dataclass
class About:
    """What a call is about, for the audit.

    Args:
        project: Empty where there is none.
        app: As above.
        workspace: As above.
        team: As above.
        environment: As above.
    """

    project: str = ""
    app: str = ""
    workspace: str = ""
    team: str = ""
    environment: str = ""


@dataclass
class Call:
    """A running call.

    Args:
        core: Of the service.
        method: "/waypaas.v1.Sessions/WhoAmI".
        request_id: As the caller named it, or as we did.
        peer: Where it came from.
        device_key: That signed it, 32 bytes.
        caller: Who; None before it is known, and in open calls.
        action: For the audit: a word of `Action`, or the name of the call.
        about: What it is about.
        details: What else the audit shall know.
        rows: How many rows of the audit it has left.
        quiet: It leaves none, as there were too many like it.
        unkept: Whether a row could not be kept: the database is away, and to try again would only take longer.
    """

    core: Core
    method: str
    request_id: str
    peer: str
    device_key: bytes = b""
    caller: Caller | None = None
    action: str = ""
    about: About = field(default_factory=About)
    details: dict[str, Any] = field(default_factory=dict)
    rows: int = 0
    quiet: bool = False
    unkept: bool = False

    def aim(self, target: common_pb2.Target, tree: Tree) -> tuple[str, str, str, str]:
        """Find out what a target means, and note it for the audit.

        Args:
            target: As the caller names it.
            tree: The standards.

        Returns:
            Project, app, team, environment.

        Raises:
            StandardsError: No team has the project, or the workspace stands for no environment (kind missing).
        """
        self.about = About(target.project, target.app, target.workspace)
        team = tree.team_of(target.project)
        self.about.team = team.name
        environment = tree.environment_of(target.workspace or "default")
        self.about.environment = environment
        return target.project, target.app, team.name, environment

    def decide(self, action: str, tree: Tree, *, team: str = "", noted: str = "", **facts: Any) -> Decision:
        """Ask the policy about this caller and what `about` says.

        Args:
            action: Word of `Action`.
            tree: The standards.
            team: For what is about a team and no project.
            noted: What the audit says that was done, where that is something else than whose right counts.
            facts: Of `question.Facts`.

        Returns:
            The decision.
        """
        self.action = noted or action
        asked = question.about(
            tree,
            action,
            self.caller.standing if self.caller is not None else Standing(),
            project="" if team else self.about.project,  # a project that no team has yet says nothing of a team
            team=team or self.about.team,
            environment=self.about.environment,
            session=self.session_state(action),
            facts=question.Facts(groups_fresh=self.caller is not None and self.caller.fresh, **facts),
        )
        self.asked = asked
        return authorize.decide(asked)

    def permit(self, action: Action, tree: Tree, *, team: str = "", noted: str = "", **facts: Any) -> Decision:
        """Insist that the policy allows something.

        Args:
            action: What.
            tree: The standards.
            team: For what is about a team and no project.
            noted: As in `decide`.
            facts: Of `question.Facts`.

        Returns:
            The decision, an allowing one.

        Raises:
            Refusal: It does not; says which capability is missing, who has it, whom to ask.
        """
        decision = self.decide(action, tree, team=team, noted=noted, **facts)
        if not decision.allowed:
            problem = right.problem(tree, self.asked, decision)
            if decision.reason is Reason.SESSION_LOCKED:
                problem = replace(problem, why=self.details["lock"])
            raise Refusal([problem], str(decision.reason))
        return decision

    def session_state(self, action: str) -> str:
        """Tell how good the session is; locks of user, team, project and device count here.

        Args:
            action: For which.

        Returns:
            Word of `SessionState`.
        """
        caller, about, locked = self.caller, self.about, self.core.facts.locked
        if caller is None:
            return "expired"
        keys = [("user", caller.principal.key), ("device", self.device_key.hex())]
        if action not in {Action.LOCK, Action.LOCK_SELF}:  # else nobody could unlock it
            keys += [("team", about.team), ("project", about.project)]
        for key in keys:
            if key[1] and key in locked:
                self.details["lock"] = f"{key[0]} {key[1]} is locked: {locked[key]}"
                return "locked"
        return "fresh"

    async def commit(
        self,
        change: Callable[[Connection], T] | None = None,
        *,
        outcome: Outcome = "allowed",
        reason: str = "",
        note: Callable[[Any], dict[str, Any]] | None = None,
    ) -> T:
        """Change the database, and leave a row in the audit, in one transaction.

        Args:
            change: As of `Writer.submit`; None for the row alone.
            outcome: For the row, if the change succeeds.
            reason: For the row.
            note: Gives further details of the row from the change's result.

        Returns:
            The result of the change.

        Raises:
            Refusal: The state does not permit it, or the database is away.
        """

        def event(result: Any) -> Event:
            if isinstance(result, RefusedError):
                return self.event("denied", result.reason)
            if isinstance(result, Exception):
                return self.event("failed", type(result).__name__)
            return self.event(outcome, reason, note(result) if note is not None else {})

        self.unkept = True
        try:
            future = self.core.writer.submit(change or (lambda _: None), event)
            result = await self.core.answers.wait(future, COMMIT_SECONDS)
        except TimeoutError as err:
            raise unavailable("database_slow", f"the database gave no answer in {COMMIT_SECONDS:g} s") from err
        except RefusedError as err:
            self.rows += 1
            self.unkept = False
            raise Refusal([err.problem], err.reason) from err
        except StateError as err:
            raise unavailable(err.reason, err.problem.why or err.problem.what) from err
        self.rows += 1
        self.unkept = False
        return result  # type: ignore[no-any-return]  # T, through the future

    def event(self, outcome: Outcome, reason: str = "", details: dict[str, Any] | None = None) -> Event:
        """Write down this call for the audit.

        Args:
            outcome: How it ended.
            reason: Why.
            details: What else there is to know.

        Returns:
            The row.
        """
        current = self.core.revisions.current
        return Event(
            time=self.core.now(),
            principal=self.caller.principal if self.caller is not None else NOBODY,
            action=self.action or self.method.rpartition("/")[2],
            outcome=outcome,
            reason=reason,
            project=self.about.project,
            app=self.about.app,
            workspace=self.about.workspace,
            team=self.about.team,
            environment=self.about.environment,
            request_id=self.request_id,
            revision=current.name if current is not None else "",
            details={"method": self.method.rpartition("/")[2], **self.details, **(details or {})},
        )

    def known(self) -> Caller:
        """Give the caller of a call that is not open."""
        if self.caller is None:
            raise refuse("no_session", "you are not signed in", "the call carries no session", "sign in: wps init")
        return self.caller


def refusal_of(err: StandardsError) -> Refusal:
    """Turn what the standards do not permit into a refusal."""
    reasons = {"option": "option_refused", "policy": "rule", "missing": "not_found", "state": "standards_broken"}
    return Refusal(err.problems, reasons[err.kind], head=err.head)
