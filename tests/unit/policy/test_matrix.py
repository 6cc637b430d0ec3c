"""authorize.decide over the whole matrix, against a table that was written by hand."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from teamconfig.identity.principal import Membership, Principal
from teamconfig.policy import authorize, standing
from teamconfig.policy.question import FAVOURABLE, about, environment_kind
from teamconfig.policy.words import Action
from tests.unit.policy import matrix

if TYPE_CHECKING:
    from teamconfig.policy.standing import Standing
    from teamconfig.tree import Tree

TEAM, PROJECT = matrix.TARGET
ENOUGH = 20
"""Wrong rows that are shown."""
WIDE = 7 * 4 * 22 * 4 * 5 * 2


def standings(tree: Tree) -> dict[tuple[str, str], Standing]:
    """Give what everybody in the matrix is, by role and membership."""
    found = {}
    for role in matrix.ROLES:
        for membership in matrix.MEMBERSHIPS:
            principal = Principal(matrix.ISSUER, "s", kind="workload" if role == "ci" else "person")
            told = Membership(groups=matrix.groups(role, membership), claims=matrix.claims(role, membership))
            found[role, membership] = standing.of(tree, principal, told)
    return found


@pytest.mark.parametrize("kinds", [matrix.KINDS, ("none",)], ids=["environments", "no environment"])
def test_the_whole_matrix(company: Tree, kinds: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """Each role, environment, action, membership, session and mode is decided as the hand-written table says."""
    who = standings(company)
    wrong, count, permitted = [], 0, 0
    for row in matrix.rows(kinds):
        question = about(
            company,
            row.action,
            who[row.role, row.membership],
            project=PROJECT,
            environment=matrix.ENVIRONMENTS[row.kind],
            session=row.session,
            mode=row.mode,
            facts=FAVOURABLE,
        )
        assert question.team == TEAM
        decision = authorize.decide(question)
        count += 1
        permitted += row.allowed
        if decision.allowed != row.allowed:
            wrong.append((row, decision.reason))
            if len(wrong) == ENOUGH:
                break
    with capsys.disabled():
        sys.stdout.write(f"\nauthorization: {count} rows, {permitted} of them allowed, {len(wrong)} wrong\n")
    assert wrong == []
    assert count == WIDE * len(kinds) // 4
    assert 0 < permitted < count


def test_the_matrix_names_every_action() -> None:
    """An action that nobody wrote an expectation for fails here."""
    assert set(matrix.ACTIONS) == set(Action)


def test_kinds_of_environment(company: Tree) -> None:
    """The first is dev, a protected one is production, others are stages; no name is none, another is unknown."""
    found = {name: environment_kind(company, name) for name in matrix.ENVIRONMENTS.values()}
    assert found == {name: kind for kind, name in matrix.ENVIRONMENTS.items()}
    assert environment_kind(company, "default") == "unknown"
