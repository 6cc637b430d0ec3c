"""rows: expectations beside the YAML, read and held against the standards."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teamconfig.policy import rows
from teamconfig.store import directory

if TYPE_CHECKING:
    from teamconfig.errors import Problem
    from teamconfig.tree import Tree

EXAMPLE = Path(__file__).parents[3] / "examples" / "standards"
LEAD = "who: {groups: [g-lead]}"
JOB = "who: {workload: {issuer: 'https://ci.example', repository: acme/shop, ref: refs/heads/main}}"


def _read(*tests: str) -> tuple[tuple[rows.Row, ...], list[Problem]]:
    return rows.read("\n".join(["tests:", *(f"  - {{{test}}}" for test in tests)]).encode())


def _checked(tree: Tree, *tests: str) -> list[str]:
    found, problems = _read(*tests)
    assert problems == []
    assert len(found) == len(tests)
    return [str(problem) for problem in rows.check(tree, found)]


def test_rows_that_hold_are_fine(company: Tree) -> None:
    """People by groups and jobs by claims may and may not what the rows say; a row can be about a team, or neither."""
    assert (
        _checked(
            company,
            f"{LEAD}, can: promote, project: shop, environment: production, expect: allow",
            f"{LEAD}, can: promote, project: catalog, environment: production, expect: deny",
            f"{LEAD}, can: exec, project: shop, environment: production, expect: deny",
            f"{JOB}, can: deploy, project: shop, environment: staging, expect: allow",
            f"{JOB}, can: deploy, project: till, environment: staging, expect: deny",
            f"{LEAD}, can: lock, team: payments, expect: allow",
            f"{LEAD}, can: lock, team: search, expect: deny",
            "who: {groups: []}, can: whoami, expect: allow",
            "who: {groups: []}, can: read, project: shop, expect: deny",
        )
        == []
    )


def test_rows_that_do_not_hold_are_problems(company: Tree) -> None:
    """Each row that fails is told with its line, what it expects, and what the standards give."""
    assert _checked(
        company,
        f"{LEAD}, can: promote, project: shop, environment: production, expect: deny",
        f"{JOB}, can: promote, project: shop, environment: production, expect: allow",
        "who: {groups: [b, a]}, can: lock, team: search, expect: allow",
    ) == [
        (
            "somebody in g-lead may promote shop production\n"
            "  the row expects deny; the standards give lead (allowed)\n"
            "  mend the roles, or correct the row\n  at policy-tests.yaml:2"
        ),
        (
            "a job of acme/shop at refs/heads/main may not promote shop production\n"
            "  the row expects allow; the standards give ci (no_role)\n"
            "  mend the roles, or correct the row\n  at policy-tests.yaml:3"
        ),
        (
            "somebody in a, b may not lock search\n"
            "  the row expects allow; the standards give no role (no_role)\n"
            "  mend the roles, or correct the row\n  at policy-tests.yaml:4"
        ),
    ]


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("project: shopp", "unknown project shopp\n  the standards have no such project\n  write shop"),
        ("team: paymens", "unknown team paymens\n  the standards have no such team\n  write payments"),
        (
            "environment: moon",
            "unknown environment moon\n  the standards have no such environment\n  correct or remove",
        ),
    ],
)
def test_a_row_about_what_there_is_not_is_a_problem(company: Tree, target: str, text: str) -> None:
    """A typo in a name does not pass as a denial that was expected."""
    (found,) = _checked(company, f"{LEAD}, can: read, {target}, expect: deny")
    assert found.startswith(text)
    assert found.endswith("at policy-tests.yaml:2")


@pytest.mark.parametrize(
    ("test", "what"),
    [
        ("can: read, expect: allow", "a test does not say who"),
        (f"{LEAD}, can: raed, expect: allow", "can: raed is not allowed"),
        (f"{LEAD}, expect: allow", "can: nothing is not allowed"),
        (f"{LEAD}, can: read, expect: yes", "expect: yes is not allowed"),
        (f"{LEAD}, can: read", "expect: nothing is not allowed"),
        (f"{LEAD}, can: read, expect: allow, projekt: shop", "unknown key projekt"),
        ("who: {group: [a]}, can: read, expect: allow", "unknown key group"),
        ("who: {groups: a}, can: read, expect: allow", "who.groups is not a list"),
        ("who: {groups: [a], workload: {issuer: gitlab, repository: a/b, ref: r}}, can: read", "who is two at once"),
        ("who: {workload: {issuer: github, repository: a/b}}, can: read, expect: deny", "who.workload has no ref"),
        ("who: {workload: {issuer: github, repository: a/b, ref: r, x: y}}, can: read, expect: deny", "unknown key x"),
    ],
)  # fmt: skip
def test_a_malformed_row_is_told(test: str, what: str) -> None:
    """What is wrong with a row is told with file:line, and the row is not taken."""
    found, problems = _read(test)
    assert found == ()
    assert problems[0].what.startswith(what)
    assert problems[0].where == "policy-tests.yaml:2"


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"test: []\n", "unknown key test"),
        (b"tests: {}\n", "tests is not a list"),
        (b"- a\n", "policy-tests.yaml is not a map of keys"),
        (b"tests: [\n", None),
        (b"tests: !!python/object:os.system []\n", "tag tag:yaml.org,2002:python/object:os.system is not allowed"),
    ],
)
def test_a_malformed_file_is_told(content: bytes, what: str | None) -> None:
    """A file that is not a list of tests is refused, and no tag makes an object."""
    found, problems = rows.read(content)
    assert found == ()
    assert len(problems) == 1
    assert what is None or problems[0].what == what


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: f"tests:\n  - {text}".encode()))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    """No content makes reading fail."""
    found, problems = rows.read(content)
    assert isinstance(found, tuple)
    assert all(problem.where.startswith("policy-tests.yaml") for problem in problems)


def test_the_rows_of_the_example_hold() -> None:
    """The example's standards give what its rows expect, and the rows do not upset reading the standards."""
    tree = directory.load(EXAMPLE)
    found, problems = rows.read((EXAMPLE / rows.PATH).read_bytes())
    assert problems == []
    assert {row.allowed for row in found} == {True, False}
    assert rows.check(tree, found) == []
