"""changes.check: who may sign what in a new revision of the standards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from teamconfig import reading
from teamconfig.policy import changes
from teamconfig.policy.changes import Signed, Signer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from teamconfig.tree import Tree

JOB = "{issuer: github, repository: a/b, refs: [refs/heads/main, refs/heads/x], protected: %s, projects: [shop, till]}"
BASE = {
    "org.yaml": (
        "org:\n  name: acme\n  environments: [dev, stage, live]\n  protected: [stage, live]\n"
        "  roles: {security: [s], platform-admin: [p]}\n"
        "standards: {kubernetes: {memory: 128Mi}}\n"
        "rules:\n  kubernetes.memory: {max: 2Gi, reason: r, owner: o}\n"
    ),
    "environments/live.yaml": "standards: {promotion: {approvals: 1}}\n",
    "teams/a/team.yaml": (
        "team:\n  projects: [shop, till]\n  roles: {viewer: [v], developer: [d], lead: [l]}\n"
        f"  workloads:\n    - {JOB % 'false'}\n    - {JOB % 'true'}\n"
        "rules:\n  kubernetes.memory: {max: 1Gi, reason: r, owner: o}\n"
        "  kubernetes.replicas: {min: 2, max: 4, reason: r, owner: o}\n"
        "  kubernetes.port: {locked: true, reason: r, owner: o}\n"
        "standards: {kubernetes: {port: 8080, cpu: 100m}}\n"
    ),
    "teams/a/environments/live.yaml": "standards: {promotion: {approvals: 2}}\n",
    "teams/a/apps/shop/web/app.yaml": "rules: {kubernetes.replicas: {max: 3, reason: r, owner: o}}\n",
    "teams/b/team.yaml": "team: {projects: [catalog], roles: {lead: [bl]}}\n",
}
MEMBER = Signer(teams=frozenset({"a"}))
OTHER = Signer(teams=frozenset({"b"}))
ADMIN = Signer(organization=frozenset({"platform-admin"}))
SECURITY = Signer(organization=frozenset({"security"}))
SETS = {
    "member": {"m": MEMBER},
    "other": {"o": OTHER},
    "two members": {"m": MEMBER, "n": MEMBER},
    "two admins": {"p": ADMIN, "q": ADMIN},
    "admin and security": {"p": ADMIN, "s": SECURITY},
    "one security": {"s": SECURITY, "m": MEMBER},
    "two security": {"s": SECURITY, "t": SECURITY},
}
ENOUGH = {
    "anybody": set(SETS),
    "second": set(SETS) - {"member"},
    "company": {"two admins", "admin and security", "two security"},
    "security": {"two security"},
}
"""Which of the sets of signers are enough."""


def _tree(revision: str, edits: dict[str, tuple[str, str] | str | None]) -> Tree:
    files = dict(BASE)
    for path, edit in edits.items():
        if edit is None:
            del files[path]
        elif isinstance(edit, str):
            files[path] = edit
        else:
            assert files[path].count(edit[0]) >= 1, edit[0]
            files[path] = files[path].replace(*edit)
    return reading.tree({path: text.encode() for path, text in files.items()}, revision=revision, origin="o")


def _signed(new: Tree, signers: dict[str, Signer]) -> list[Signed]:
    """Let all of them sign a commit that holds the whole revision."""
    return [Signed(name, signer, OLD, new) for name, signer in signers.items()]


OLD = _tree("1", {})
TEAM, ORG, LIVE = "teams/a/team.yaml", "org.yaml", "environments/live.yaml"


@pytest.mark.parametrize(
    ("edits", "needs"),
    [
        # what a team may say of itself
        ({TEAM: ("cpu: 100m", "cpu: 200m")}, "anybody"),
        ({TEAM: ("viewer: [v]", "viewer: [v, v]")}, "anybody"),
        ({TEAM: ("viewer: [v], ", "")}, "anybody"),
        ({TEAM: (", lead: [l]", "")}, "anybody"),
        ({TEAM: ("kubernetes.memory: {max: 1Gi", "kubernetes.memory: {max: 512Mi")}, "anybody"),
        ({TEAM: (f"    - {JOB % 'true'}\n", "")}, "anybody"),
        ({TEAM: ("refs/heads/main, refs/heads/x", "refs/heads/main")}, "anybody"),
        ({TEAM: ("true, projects: [shop, till]", "true, projects: [shop]")}, "anybody"),
        ({TEAM: ("true, projects: [shop, till]", "true, projects: [shop, till], events: [push]")}, "anybody"),
        ({TEAM: ("true, projects: [shop, till]", "true, projects: [shop, till], repository_id: 7")}, "anybody"),
        ({TEAM: ("protected: true", "protected: false")}, "anybody"),
        ({TEAM: ("team:\n", "team:\n  owner: us\n")}, "anybody"),
        ({TEAM: ("projects: [shop, till]\n", "projects: [shop, till, new]\n")}, "anybody"),
        ({"teams/a/environments/live.yaml": "standards: {promotion: {approvals: 3}}\n"}, "anybody"),
        ({"teams/b/team.yaml": None}, "anybody"),
        # widening what the team may
        ({TEAM: ("viewer: [v]", "viewer: [v, w]")}, "second"),
        ({TEAM: ("developer: [d]", "developer: [w]")}, "second"),
        ({TEAM: (JOB % "false", (JOB % "false").replace("a/b", "a/c"))}, "second"),
        ({TEAM: ("kubernetes.memory: {max: 1Gi", "kubernetes.memory: {max: 1500Mi")}, "second"),
        ({TEAM: ("{min: 2, max: 4", "{min: 1, max: 4")}, "second"),
        ({TEAM: ("{min: 2, max: 4", "{max: 4")}, "second"),
        ({TEAM: ("  kubernetes.memory: {max: 1Gi, reason: r, owner: o}\n", "")}, "second"),
        ({TEAM: ("{locked: true", "{min: 1")}, "second"),
        ({TEAM: ("port: 8080", "port: 8081")}, "second"),
        ({"teams/a/apps/shop/web/app.yaml": None}, "second"),
        # the company's
        ({ORG: ("memory: 128Mi", "memory: 256Mi")}, "company"),
        ({ORG: ("max: 2Gi", "max: 4Gi")}, "company"),
        ({ORG: ("max: 2Gi", "max: 1Gi")}, "company"),
        ({ORG: ("  name: acme\n", "  name: acme\n  contact: us\n")}, "company"),
        ({ORG: ("  name: acme\n", "  name: acme\n  workspaces: {next: live}\n")}, "company"),
        ({ORG: ("protected: [stage, live]", "protected: [dev, stage, live]")}, "company"),
        ({"environments/dev.yaml": "standards: {kubernetes: {cpu: 100m}}\n"}, "company"),
        ({LIVE: "standards: {promotion: {approvals: 1}, kubernetes: {cpu: 100m}}\n"}, "company"),
        # production, four eyes, roles of the company
        ({TEAM: ("lead: [l]", "lead: [l, w]")}, "security"),
        ({TEAM: (JOB % "true", (JOB % "true").replace("a/b", "a/c"))}, "security"),
        ({TEAM: (JOB % "true", (JOB % "true").replace("protected:", "events: [push, merge_group], protected:"))},
         "security"),
        ({TEAM: (JOB % "true", (JOB % "true").replace("refs/heads/x", "refs/heads/*"))}, "security"),
        ({TEAM: (JOB % "true", (JOB % "true").replace(", projects: [shop, till]", ""))}, "security"),
        ({"teams/c/team.yaml": "team: {roles: {lead: [x]}}\n"}, "security"),
        ({ORG: ("security: [s]", "security: [s, t]")}, "security"),
        ({ORG: ("security: [s], ", "")}, "security"),
        ({ORG: ("platform-admin: [p]", "platform-admin: [q]")}, "security"),
        ({ORG: ("protected: [stage, live]", "protected: [live]")}, "security"),
        ({ORG: ("environments: [dev, stage, live]", "environments: [stage, dev, live]")}, "security"),
        ({"teams/a/environments/live.yaml": "standards: {promotion: {approvals: 1}}\n"}, "security"),
        ({"teams/a/environments/live.yaml": None}, "security"),
        (
            {
                TEAM: ("projects: [shop, till]\n", "projects: [shop]\n"),
                "teams/b/team.yaml": "team: {projects: [catalog, till], roles: {lead: [bl]}}\n",
            },
            None,
        ),
    ],
)  # fmt: skip
def test_who_may_sign_what(edits: dict[str, tuple[str, str] | str | None], needs: str | None) -> None:
    """Each change is taken with enough signers of the right kind, and refused with all others."""
    if needs is None:
        edits = {**edits, TEAM: BASE[TEAM].replace("[shop, till]", "[shop]")}
        needs = "security"
    new = _tree("2", edits)
    taken = {
        name for name, signers in SETS.items() if not changes.check(OLD, new, _signed(new, signers), fast_forward=True)
    }
    assert taken == ENOUGH[needs]


def test_fewer_approvals_for_one_app_need_security() -> None:
    """An app's own layer that takes approvals away is found, by name of the app and environment."""
    new = _tree("2", {"teams/a/apps/till/pos/environments/live.yaml": "standards: {promotion: {approvals: 0}}\n"})
    (problem,) = changes.check(OLD, new, _signed(new, SETS["two members"]), fast_forward=True)
    assert str(problem) == (
        "promoting till/pos into live takes 0 approvals instead of 2\n"
        "  rights in production, the roles of the company and four eyes need two signers of role security\n"
        "  have another of them sign a commit on top of it\n  at teams/a"
    )
    assert problem.kind == "policy"
    assert changes.check(OLD, new, _signed(new, SETS["two security"]), fast_forward=True) == []


def test_a_signer_counts_for_what_their_commit_holds() -> None:
    """Who signed something else before a change has not signed the change; who signs on top of it has."""
    typo = _tree("typo", {TEAM: ("cpu: 100m", "cpu: 200m")})
    new = _tree("2", {TEAM: BASE[TEAM].replace("cpu: 100m", "cpu: 200m").replace("lead: [l]", "lead: [l, w]")})
    alone = [Signed("s", SECURITY, OLD, new), Signed("t", SECURITY, OLD, typo)]
    (problem,) = changes.check(OLD, new, alone, fast_forward=True)
    assert problem.what == "team.roles.lead of team a gains w"
    assert changes.check(OLD, new, [Signed("t", SECURITY, OLD, new), *alone], fast_forward=True) == []


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ({ORG: ("max: 2Gi", "max: 4Gi")}, {ORG: ("max: 2Gi", "max: 8Gi")}),
        ({ORG: ("security: [s]", "security: [s, t]")}, {ORG: ("security: [s]", "security: [s, u]")}),
        ({ORG: ("protected: [stage, live]", "protected: [live]")}, {ORG: ("[dev, stage, live]", "[dev, live]")}),
        ({LIVE: "standards: {kubernetes: {cpu: 1}}\n"}, {LIVE: "standards: {kubernetes: {cpu: 2}}\n"}),
        ({TEAM: ("lead: [l]", "lead: [l, w]")}, {TEAM: ("lead: [l]", "lead: [l, w, x]")}),
        ({TEAM: ("a/b, refs: [refs/heads/main", "a/b, refs: [refs/heads/*")},
         {TEAM: ("a/b, refs: [refs/heads/main", "a/b, refs: [refs/tags/*")}),
        ({"teams/a/environments/live.yaml": "standards: {promotion: {approvals: 1}}\n"},
         {"teams/a/environments/live.yaml": "standards: {promotion: {approvals: 0}}\n"}),
        ({TEAM: ("kubernetes.memory: {max: 1Gi", "kubernetes.memory: {max: 1200Mi")},
         {TEAM: ("kubernetes.memory: {max: 1Gi", "kubernetes.memory: {max: 1500Mi")}),
    ],
)  # fmt: skip
def test_a_signer_counts_for_what_it_has_become(
    first: dict[str, tuple[str, str] | str | None], then: dict[str, tuple[str, str] | str | None]
) -> None:
    """Who signed a first step has not signed another one of the same thing."""
    if ORG in first and "dev, live" in str(then):
        then = {ORG: BASE[ORG].replace("[dev, stage, live]", "[dev, live]").replace("[stage, live]", "[live]")}
    before, new = _tree("first", first), _tree("2", then)
    signer = SECURITY if TEAM not in first or "Gi" not in str(first) else MEMBER
    one = [Signed("s", signer, OLD, new), Signed("t", signer, OLD, before)]
    assert changes.check(OLD, new, one, fast_forward=True)
    both = [Signed("s", signer, OLD, new), Signed("t", signer, OLD, new)]
    assert changes.check(OLD, new, both, fast_forward=True) == []


def test_a_signer_on_an_old_branch_counts_for_what_the_branch_changed() -> None:
    """Bringing back what an old branch still has is no change that its signers have made."""
    before = _tree("0", {ORG: ("protected: [stage, live]", "protected: [live]")})
    new = _tree("2", {ORG: ("protected: [stage, live]", "protected: [live]")})
    stale = Signed("t", SECURITY, before, before)
    found = changes.check(OLD, new, [Signed("s", SECURITY, OLD, new), stale], fast_forward=True)
    assert [problem.what for problem in found] == ["org.environments or org.protected changes", "org.yaml changes"]
    made = Signed("t", SECURITY, OLD, before)
    assert changes.check(OLD, new, [Signed("s", SECURITY, OLD, new), made], fast_forward=True) == []


def test_no_more_commits_are_looked_at_than_needed() -> None:
    """Once enough have signed, older commits are left alone."""

    def commits(new: Tree) -> Iterator[Signed]:
        yield Signed("s", SECURITY, OLD, new)
        yield Signed("t", SECURITY, OLD, new)
        pytest.fail("an older commit was read")

    assert changes.check(OLD, _tree("2", {}), commits(OLD), fast_forward=True) == []
    new = _tree("2", {TEAM: ("lead: [l]", "lead: [l, w]")})
    assert changes.check(OLD, new, commits(new), fast_forward=True) == []


def test_only_a_fast_forward_is_taken() -> None:
    """A revision that does not follow the served one is refused whoever signed it: there is no way back."""
    new = _tree("2", {})
    (problem,) = changes.check(OLD, new, _signed(new, SETS["two security"]), fast_forward=False)
    assert problem.what == "the new revision is not a fast-forward"
    assert changes.check(OLD, new, _signed(new, SETS["member"]), fast_forward=True) == []


def test_somebody_has_to_sign() -> None:
    """A revision that nobody signed is refused, whatever is in it."""
    (problem,) = changes.check(OLD, _tree("2", {}), [], fast_forward=True)
    assert problem.what == "nobody signed the new revision"


def test_every_reason_is_told_at_once() -> None:
    """All that is wrong with a revision is reported together, each with its file."""
    new = _tree("2", {TEAM: ("viewer: [v]", "viewer: [v, w]"), ORG: ("max: 2Gi", "max: 4Gi")})
    found = changes.check(OLD, new, _signed(new, SETS["member"]), fast_forward=False)
    assert [(problem.what, problem.where) for problem in found] == [
        ("the new revision is not a fast-forward", "2"),
        ("org.yaml changes", "org.yaml"),
        ("team.roles.viewer of team a gains w", "teams/a/team.yaml"),
    ]


def test_lines_and_comments_are_no_change() -> None:
    """Moving things within a file, without another meaning, needs any one signer."""
    new = _tree("2", {path: f"# a comment\n{text}" for path, text in BASE.items()})
    assert changes.check(OLD, new, _signed(new, SETS["member"]), fast_forward=True) == []
