"""right: denials in four lines, the steps of an explanation, and lists of what is allowed."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest

from teamconfig.policy import authorize, right
from teamconfig.policy.question import FAVOURABLE, about
from teamconfig.policy.standing import Standing
from teamconfig.policy.words import Role

if TYPE_CHECKING:
    from teamconfig.tree import Tree

LEAD = Standing(teams={"payments": frozenset({Role.LEAD})})
DEVELOPER = Standing(teams={"payments": frozenset({Role.DEVELOPER})})
NOBODY = Standing()


def _told(tree: Tree, action: str, environment: str, held: Standing, **others: Any) -> str:
    """Ask, with all else as it should be, and give the four lines of the denial."""
    facts = {name: others.pop(name) for name in list(others) if hasattr(FAVOURABLE, name)}
    options = {"project": "shop", "facts": dataclasses.replace(FAVOURABLE, **facts), **others}
    question = about(tree, action, held, environment=environment, **options)
    decision = authorize.decide(question)
    assert not decision.allowed
    problem = right.problem(tree, question, decision)
    assert problem.kind == "policy"
    return str(problem)


@pytest.mark.parametrize(
    ("action", "environment", "held", "others", "text"),
    [
        (
            "promote", "production", DEVELOPER, {},
            ("promote in production is not allowed\n"
            "  it takes lead of team payments (g-lead); roles of the caller there: developer\n"
            "  ask #payments\n"
            "  at teams/payments/team.yaml"),
        ),
        (
            "lock", "", DEVELOPER, {"project": "catalog"},
            ("lock is not allowed\n"
            "  it takes lead of team search (s-lead) or platform-admin (g-platform-admin) or security (g-security);"
            " roles of the caller there: none\n"
            "  ask #search\n"
            "  at teams/search/team.yaml"),
        ),
        (
            "deploy", "dev", LEAD, {"project": "moon"},
            ("deploy in dev is not allowed\n"
            "  project moon belongs to no team; it takes developer (bound to nobody) or lead (bound to nobody)"
            " or ci (bound to nobody); roles of the caller there: none\n"
            "  ask #platform\n"
            "  at org.yaml"),
        ),
        (
            "exec", "production", LEAD, {},
            ("exec in production is not allowed\n"
            "  nobody may open a shell in production, and no setting can permit it\n"
            "  use `waypoint logs`, or reproduce it in an environment before\n"
            "  at built in"),
        ),
        (
            "promote", "production", LEAD, {"approvals": 0},
            ("promote in production is not allowed\n"
            "  0 of 1 have approved\n"
            "  ask lead of team payments (g-lead) or security (g-security), but not who asked, to approve\n"
            "  at teams/payments/team.yaml"),
        ),
        (
            "destroy", "production", LEAD, {"approvals": 0, "approvals_wanted": 0},
            ("destroy in production is not allowed\n"
            "  0 of 1 have approved\n"
            "  ask lead of team payments (g-lead) or security (g-security), but not who asked, to approve\n"
            "  at teams/payments/team.yaml"),
        ),
        (
            "deploy", "prodution", LEAD, {},
            ("deploy in prodution is not allowed\n"
            "  the environments of acme are dev, staging, production\n"
            "  use production\n"
            "  at org.yaml"),
        ),
        (
            "approve", "dev", LEAD, {},
            ("approve in dev is not allowed\n"
            "  approve is for environments of kind production\n"
            "  name one of these\n"
            "  at teams/payments/team.yaml"),
        ),
        (
            "logs", "production", DEVELOPER, {"logs_closed": True},
            ("logs in production is not allowed\n"
            "  team payments keeps its developers from logs in production\n"
            "  ask #payments\n"
            "  at teams/payments/team.yaml"),
        ),
        (
            "deploy", "staging", Standing(jobs=frozenset({"shop"})), {},
            ("deploy in staging is not allowed\n"
            "  the job's ref is not bound as protected for project shop, see team.workloads\n"
            "  run it for a protected ref\n"
            "  at teams/payments/team.yaml"),
        ),
        (
            "read", "dev", LEAD, {"session": "locked"},
            ("read in dev is not allowed\n"
            "  the user, team, project or device is locked\n"
            "  ask #payments why\n"
            "  at the session"),
        ),
    ],
)  # fmt: skip
def test_a_denial_says_why_and_whom_to_ask(
    company: Tree, action: str, environment: str, held: Standing, others: dict[str, Any], text: str
) -> None:
    """A denial names what is missing, who has it, whom to ask, and where it is bound."""
    assert _told(company, action, environment, held, **others) == text


@pytest.mark.parametrize(
    ("action", "environment", "others"),
    [
        ("shout", "dev", {}),
        ("configure", "", {}),
        ("read", "dev", {"session": "expired"}),
        ("read", "dev", {"session": "revoked"}),
        ("read", "dev", {"session": "odd"}),
        ("read", "dev", {"session": "stale_groups"}),
        ("promote", "staging", {"mode": "degraded"}),
        ("promote", "staging", {"digest_seen": False}),
        ("approve", "production", {"requested_by_another": False}),
    ],
)
def test_every_reason_has_its_text(company: Tree, action: str, environment: str, others: dict[str, Any]) -> None:
    """Each other denial has four lines of its own, without a gap that was left to fill."""
    told = _told(company, action, environment, LEAD, **others)
    assert len(told.splitlines()) == 4
    assert "{" not in told


def test_a_disabled_account_is_told(company: Tree) -> None:
    """Whoever is disabled reads that it is the directory that says so."""
    assert "the directory says that the account is disabled" in _told(company, "read", "dev", Standing(disabled=True))


def test_an_explanation_lists_the_steps(company: Tree) -> None:
    """`wps explain --can` shows each check in order, the end, and for a denial its four lines."""
    question = about(company, "promote", DEVELOPER, project="shop", environment="production", facts=FAVOURABLE)
    told = right.explain(company, question, authorize.decide(question))
    assert told.steps == (
        "session: fresh",
        "account: not disabled",
        "action: promote",
        "environment: production, of kind production",
        "forbidden: not forbidden to everybody",
        "mode: the service answers",
        "rule: it takes lead",
        "groups: read recently enough",
        "role: roles of the caller there: developer",
        "not allowed (no_role)",
    )
    assert not told.allowed
    assert told.holders == (("lead", ("g-lead",)),)
    assert told.ask == "#payments"
    assert told.text.startswith("session: fresh\n")
    assert told.text.endswith("  at teams/payments/team.yaml")
    allowed = dataclasses.replace(question, standing=LEAD)
    told = right.explain(company, allowed, authorize.decide(allowed))
    assert told.allowed
    assert told.steps[-1].startswith("allowed, if ")
    assert told.text == "\n".join(told.steps)


def test_jobs_are_named_by_their_repositories(company: Tree) -> None:
    """Who has role ci in a project are the repositories whose jobs are bound to it."""
    question = about(company, "build", NOBODY, project="shop", environment="dev", facts=FAVOURABLE)
    found = right.holders(company, question, authorize.decide(question).holders)
    assert found == (("developer", ("g-developer",)), ("lead", ("g-lead",)), ("ci", ("acme/shop", "acme/all")))
    till = dataclasses.replace(question, project="till")
    assert right.holders(company, till, [Role.CI]) == (("ci", ("acme/all",)),)


def test_what_roles_allow(company: Tree) -> None:
    """The list for `whoami` has what the roles permit in an environment, and nothing that takes another role."""
    found = [right.allowed(company, DEVELOPER, "payments", name) for name in ("dev", "staging", "production", "")]
    own = ("register", "lock-self", "audit-own")
    assert found == [
        ("whoami", "read", "logs", "build", "deploy", "redeem", "exec", "destroy", "record", "hold", *own),
        ("whoami", "read", "logs", "deploy", "promote", "redeem", "exec", "destroy", "record", "hold", *own),
        ("whoami", "read", "logs", *own),
        ("whoami", "read", "reject", *own),
    ]
    assert right.allowed(company, DEVELOPER, "search", "dev") == ("whoami", "lock-self", "audit-own")
    assert right.allowed(company, DEVELOPER, "payments", "moon") == ()
    job = Standing(jobs=frozenset({"shop"}), protected=frozenset({"shop"}))
    assert right.allowed(company, job, "payments", "production", "shop") == ("whoami", "read", "redeem", "record")


def test_texts_of_callers_cannot_write_to_a_terminal(company: Tree) -> None:
    """Control characters of an action, project or environment are not shown, and a long text is cut."""
    evil = "a\x1b[31m\nb\u202e" + "c" * 200
    question = about(company, evil, LEAD, project=evil, environment=evil)
    told = right.explain(company, question, authorize.decide(question)).text
    assert all(line.isprintable() for line in told.splitlines())
    assert "c" * 100 not in told
    assert right.shown(evil).startswith("a?[31m?b?c")
    assert len(right.shown(evil)) == 80


def test_whom_to_ask(company: Tree) -> None:
    """The team's owner, otherwise the company's contact, otherwise the platform team."""
    question = about(company, "read", LEAD, project="shop")
    assert right.contact(company, question) == "#payments"
    ownerless = dataclasses.replace(company.teams["payments"], owner="")
    tree = dataclasses.replace(company, teams={"payments": ownerless})
    assert right.contact(tree, question) == "#platform"
    silent = dataclasses.replace(tree, org=dataclasses.replace(tree.org, contact=""))
    assert right.contact(silent, question) == "the platform team"


def test_what_is_still_to_come_is_a_condition(company: Tree) -> None:
    """`wps explain --can` does not say plainly "allowed" where people have to approve and an image has to have run."""
    for wanted, told in ((0, ""), (1, " and 1 other has approved"), (2, " and 2 others have approved")):
        facts = FAVOURABLE.wanting(wanted)
        question = about(company, "promote", LEAD, project="shop", environment="production", facts=facts)
        end = right.explain(company, question, authorize.decide(question)).steps[-1]
        assert end == f"allowed, if the image has run in the environment before{told}"
    question = about(company, "deploy", LEAD, project="shop", environment="dev", facts=FAVOURABLE.wanting(2))
    assert right.explain(company, question, authorize.decide(question)).steps[-1] == "allowed"
