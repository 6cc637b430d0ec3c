"""What the user chose: by an option, by an answer at the terminal, or by agreeing to what is proposed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from teamconfig import errors
from wps import questions

if TYPE_CHECKING:
    from collections.abc import Callable

_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,38}[a-z0-9])?")


@dataclass(slots=True)
class Answers:
    """Finds values, and remembers which nobody could be asked for.

    Args:
        interactive: Whether somebody can be asked.
        agreed: Whether proposals are taken without a question.
        missing: Option and proposal of each value that was not found.
    """

    interactive: bool
    agreed: bool
    missing: list[tuple[str, str]] = field(default_factory=list)

    def choose(
        self, option: str, question: str, given: str | None, proposal: str, wrong: Callable[[str], str],
        *, evident: bool = False,
    ) -> str:  # fmt: skip
        """Find a value.

        Args:
            option: That gives it: "--infra".
            question: That asks for it.
            given: By the option, or by the file that is there; None if neither does.
            proposal: What it will be if nobody says otherwise; empty for nothing.
            wrong: Says what is wrong with a value; empty if nothing is.
            evident: Whether the proposal holds even where nobody can be asked.

        Returns:
            The value; empty if nobody could be asked, which `check` tells.

        Raises:
            StandardsError: What was given, or is evident, will not do (kind option).
        """
        if given is None and self.interactive and not self.agreed:
            return questions.ask(question, proposal, wrong)
        value = given if given is not None else proposal if evident or self.agreed else ""
        if not value:
            self.missing.append((option, proposal))
            return ""
        why = wrong(value)
        if why:
            what = f"{question} {value} is not allowed"
            raise errors.StandardsError([errors.Problem(what, why, f"give another with {option}", "", "option")])
        return value

    def check(self) -> None:
        """Refuse to go on without what nobody could be asked for.

        Raises:
            StandardsError: Something is missing (kind missing); names every option that would give it.
        """
        if not self.missing:
            return
        names = " and ".join(option.lstrip("-") for option, _ in self.missing)
        give = " and ".join(f"{option} {proposal or 'NAME'}" for option, proposal in self.missing)
        agree = ", or --yes to take that" if all(proposal for _, proposal in self.missing) else ""
        why = "there is no terminal at which somebody could be asked" if not self.agreed else "nothing here says it"
        verb = "is" if len(self.missing) == 1 else "are"
        raise errors.missing(f"{names} {verb} not chosen", why, f"give {give}{agree}", "")


def wrong_name(text: str) -> str:
    """Say what is wrong with the name of a project or app.

    Args:
        text: The name.

    Returns:
        The rule, or empty if the name keeps it.
    """
    return "" if _NAME.fullmatch(text) else "a name has lower case letters, digits and '-', at most 40"


def as_name(text: str) -> str:
    """Make a name of a text, as the name of a repository.

    Args:
        text: Any text.

    Returns:
        A name that keeps the rule, or empty if nothing of the text can stand in one.
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40].strip("-")
