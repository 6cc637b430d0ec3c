"""Reading the files of a revision: layout, checks with file:line, whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teamconfig import Problem, StandardsError, reading, yamlfile

if TYPE_CHECKING:
    from teamconfig.tree import Tree

ORG = "org:\n  name: acme\n  environments: [dev, staging, production]\n"
TEAM = "team: {projects: [shop]}\n"


def _read(files: dict[str, str]) -> Tree:
    return reading.tree({path: text.encode() for path, text in files.items()}, revision="r", origin="o")


def _problems(files: dict[str, str]) -> list[Problem]:
    with pytest.raises(StandardsError) as caught:
        _read({"org.yaml": ORG, **files})
    assert caught.value.kind == "state"
    return list(caught.value.problems)


def _one(body: str) -> Problem:
    found = _problems({"org.yaml": ORG + body})
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (
            "standards:\n  kubernetes:\n    memmory: 1Gi\n",
            "unknown key memmory\n  kubernetes has no such key\n  write memory\n  at org.yaml:6",
        ),
        (
            "standards:\n  kubernets: {}\n",
            "unknown key kubernets\n  standards has no such key\n  write kubernetes\n  at org.yaml:5",
        ),
        (
            "standards:\n  kubernetes:\n    memory: 2GB\n",
            (
                "kubernetes.memory: 2GB is not allowed\n  memory is a number with Ki, Mi, Gi, Ti or k, M, G, T\n"
                "  write memory: 2Gi\n  at org.yaml:6"
            ),
        ),
        (
            "standards:\n  kubernetes:\n    memory: 512\n",
            "kubernetes.memory: 512 is not allowed\n  memory is at least 4Mi\n  write memory: 512Mi\n  at org.yaml:6",
        ),
        (
            'standards:\n  kubernetes:\n    replicas: "3"\n',
            (
                'kubernetes.replicas: "3" is not allowed\n  replicas is a whole number\n  write replicas: 2\n'
                "  at org.yaml:6"
            ),
        ),
        (
            "standards:\n  kubernetes:\n    entrypoint_env: yes\n",
            (
                "kubernetes.entrypoint_env: yes is not allowed\n  entrypoint_env is true or false\n"
                "  write entrypoint_env: false\n  at org.yaml:6"
            ),
        ),
        (
            "standards:\n  kubernetes:\n    exec: alow\n",
            "kubernetes.exec: alow is not allowed\n  exec is one of allow, deny\n  write exec: allow\n  at org.yaml:6",
        ),
        (
            "standards:\n  kubernetes:\n    replicas:\n",
            (
                "kubernetes.replicas: nothing is not allowed\n  replicas is a whole number\n  write replicas: 2\n"
                "  at org.yaml:6"
            ),
        ),
        (
            "standards:\n  kubernetes:\n    port: 1\n    port: 2\n",
            (
                "key port stands twice\n  it stands on line 6 already, and only one can count\n  keep one of them\n"
                "  at org.yaml:7"
            ),
        ),
        (
            'standards:\n  kubernetes:\n    namespace: "{tema}-x"\n',
            (
                "kubernetes.namespace: {tema}-x is not allowed\n  {tema} stands for nothing\n"
                "  use one of {org}, {team}, {project}, {app}, {environment}\n  at org.yaml:6"
            ),
        ),
        (
            "rules:\n  kubernetes.memroy: {max: 1Gi, reason: r, owner: o}\n",
            (
                "rule for unknown key kubernetes.memroy\n  standards have no such key\n  write kubernetes.memory\n"
                "  at org.yaml:5"
            ),
        ),
        (
            "rules:\n  kubernetes.memory: {max: 1Gi, reason: r}\n",
            (
                "rule kubernetes.memory has no owner\n"
                "  whoever runs into the rule must learn why it is so, and whom to ask\n  add owner: ...\n"
                "  at org.yaml:5"
            ),
        ),
        (
            "rules:\n  kubernetes.memory: {min: 2Gi, max: 1Gi, reason: r, owner: o}\n",
            (
                "rule kubernetes.memory permits nothing\n  min 2Gi is more than max 1Gi\n  swap or correct them\n"
                "  at org.yaml:5"
            ),
        ),
        (
            "rules:\n  kubernetes.exec: {max: deny, reason: r, owner: o}\n",
            (
                "rule kubernetes.exec has max\n  exec is one of a few words, which has no order\n  use allowed\n"
                "  at org.yaml:5"
            ),
        ),
        (
            "rules:\n  kubernetes.env: {max: 3, reason: r, owner: o}\n",
            (
                "rule kubernetes.env has max\n  only a single value has bounds\n  use locked, or name a key\n"
                "  at org.yaml:5"
            ),
        ),
        (
            "rules:\n  kubernetes.exec: {locked: false, reason: r, owner: o}\n",
            "rule kubernetes.exec says locked: false\n  no rule can be lifted\n  remove locked\n  at org.yaml:5",
        ),
        (
            "rules:\n  kubernetes.memory: {reason: r, owner: o}\n",
            (
                "rule kubernetes.memory limits nothing\n  a rule has min, max, allowed or locked\n  add one\n"
                "  at org.yaml:5"
            ),
        ),
        (
            "standards:\n  kubernetes:\n    memory: !!python/object:os.system 1Gi\n",
            None,
        ),
        (
            "standards:\n  kubernetes:\n    env: {<<: {A: b}}\n",
            "merge key << is not read\n  layers merge by themselves\n  write the keys out\n  at org.yaml:6",
        ),
        (
            "standards: [a\n",
            None,
        ),
        (
            "teem: {}\n",
            "unknown key teem\n  org.yaml has no such key\n  use one of org, standards, rules\n  at org.yaml:4",
        ),
    ],
)
def test_a_mistake_is_told_in_four_lines(body: str, text: str | None) -> None:
    """What is wrong, the rule, how to mend it, and file:line."""
    problem = _one(body)
    if text is not None:
        assert str(problem) == text
    assert all((problem.what, problem.why, problem.fix))
    assert problem.where.startswith("org.yaml:")


@pytest.mark.parametrize(
    ("files", "text"),
    [
        (
            {"teams/a/team.yaml": "team:\n  projects: [shop]\n", "teams/b/team.yaml": "team:\n  projects: [shop]\n"},
            (
                'project shop has two teams\n  team "a" claims it at teams/a/team.yaml:2\n'
                "  remove it from one of the two\n  at teams/b/team.yaml:2"
            ),
        ),
        (
            {"environments/prodution.yaml": ""},
            (
                "unknown environment prodution\n  org.environments has dev, staging, production\n"
                "  rename it to production.yaml\n  at environments/prodution.yaml"
            ),
        ),
        (
            {"teams/a/tean.yaml": TEAM, "teams/a/team.yaml": TEAM},
            (
                "teams/a/tean.yaml is not read\n  no layer has a file of that name\n  rename it to team.yaml\n"
                "  at teams/a/tean.yaml"
            ),
        ),
        (
            {"environments/dev.yml": ""},
            (
                "environments/dev.yml is not read\n  no layer has a file of that name\n  rename it to dev.yaml\n"
                "  at environments/dev.yml"
            ),
        ),
        (
            {"environment/production.yaml": ""},
            (
                "environment/production.yaml is not read\n  no layer has a file of that name\n"
                "  rename environment to environments\n  at environment/production.yaml"
            ),
        ),
        (
            {"production.yaml": ""},
            (
                "production.yaml is not read\n  no layer has a file of that name\n"
                "  move it to environments/production.yaml\n  at production.yaml"
            ),
        ),
        (
            {"policy-test.yaml": ""},
            (
                "policy-test.yaml is not read\n  no layer has a file of that name\n"
                "  rename it to policy-tests.yaml\n  at policy-test.yaml"
            ),
        ),
        (
            {"environments/prod.yaml": ""},
            (
                "unknown environment prod\n  org.environments has dev, staging, production\n"
                "  rename it to production.yaml\n  at environments/prod.yaml"
            ),
        ),
        (
            {"environments/production.yaml": "standards:\n  promotion:\n    source: satging\n"},
            (
                "promotion.source = satging is no environment\n  org.environments has dev, staging, production\n"
                "  write staging\n  at environments/production.yaml:3"
            ),
        ),
        (
            {"teams/a/team.yaml": TEAM, "teams/a/apps/shopp/web/app.yaml": ""},
            (
                "project shopp is not one of team a\n  teams/a/team.yaml claims shop\n"
                "  rename it to shop, or add it to team.projects\n  at teams/a/apps/shopp/web"
            ),
        ),
        (
            {"teams/a/environments/dev.yaml": ""},
            (
                "teams/a/team.yaml is missing\n  it names the team's projects and roles\n"
                "  write it, or remove the directory\n  at teams/a/team.yaml"
            ),
        ),
    ],
)
def test_a_mistake_in_the_layout_is_told(files: dict[str, str], text: str) -> None:
    """A file that no layer reads is a mistake and not passed over."""
    assert [str(problem) for problem in _problems(files)] == [text]


def test_a_missing_org_is_told() -> None:
    """A directory without org.yaml is no standards."""
    with pytest.raises(StandardsError, match=r"org\.yaml is missing"):
        _read({"teams/a/team.yaml": TEAM})


def test_every_problem_of_every_file_is_reported_and_nothing_is_read() -> None:
    """One broken file refuses the revision; all problems of all files are in the error."""
    found = _problems(
        {
            "org.yaml": ORG + "standards: {kubernetes: {cpu: x, replicas: y}}\n",
            "environments/dev.yaml": "standards: {kubernetes: {port: 70000}}\n",
            "teams/a/team.yaml": TEAM + "rules: {a: {}}\n",
        }
    )
    assert [problem.where for problem in found] == [
        "org.yaml:4", "org.yaml:4", "environments/dev.yaml:1", "teams/a/team.yaml:2",
    ]  # fmt: skip


def test_text_stays_what_was_typed() -> None:
    """YAML's guesses do not reach texts: no is no, 1.10 is 1.10, a number in env is its digits."""
    tree = _read({"org.yaml": ORG + "standards: {kubernetes: {env: {A: no, B: 1.10, C: 0x1F}, cpu: 1.5}}\n"})
    values = {key[-1]: leaf.value for key, leaf in tree.layer.leaves.items()}
    assert values == {"A": "no", "B": "1.10", "C": "0x1F", "cpu": "1.5"}


@pytest.mark.parametrize(
    "body",
    [
        (
            "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
            "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
            "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n"
        ),
        "a: &a [*a]\n",
        "a: " + "[" * 300_000,
        "a: " + "[" * 300 + "]" * 300,
        "a: " + "{a: " * 300_000,
        "x" * (yamlfile.MAX_BYTES + 1),
        "\n".join("  " * depth + "a:" for depth in range(500)),
        "- " * 200_000 + "x",
        "? " * 100_000 + "x",
    ],
    ids=["laughs", "self", "deep", "nested", "maps", "large", "indented", "dashes", "marks"],
)
def test_bombs_are_refused(body: str) -> None:
    """Input made to exhaust time, memory or the stack is refused as any other mistake."""
    node, problems = yamlfile.read(body.encode(), "bomb.yaml")
    assert node is None or problems
    assert problems[0].where.startswith("bomb.yaml")


@given(st.text(max_size=200) | st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: str | bytes) -> None:
    """No content makes reading fail in another way than StandardsError."""
    raw = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    for path in ("org.yaml", "teams/a/team.yaml"):
        try:
            reading.tree({"org.yaml": ORG.encode(), path: raw}, revision="r", origin="o")
        except StandardsError as err:
            assert err.problems  # noqa: PT017  # both outcomes are right


def test_workspaces_map_to_environments() -> None:
    """Default is the first environment, a name its own, a pattern the longest that matches."""
    tree = _read({"org.yaml": ORG + '  workspaces: {"pr-*": dev, "pr-big-*": staging, live: production}\n'})
    names = ("default", "staging", "pr-7", "pr-big-7", "live")
    assert [tree.environment_of(name) for name in names] == ["dev", "staging", "dev", "staging", "production"]


def test_a_workspace_does_not_take_the_name_of_an_environment() -> None:
    """A workspace called like an environment stands for it, or the revision is refused."""
    assert _read({"org.yaml": ORG + "  workspaces: {production: production}\n"}).environment_of("production")
    with pytest.raises(StandardsError) as caught:
        _read({"org.yaml": ORG + "  workspaces: {production: dev}\n"})
    assert [problem.what for problem in caught.value.problems] == ["org.workspaces maps production to dev"]


@pytest.mark.parametrize(
    ("org", "protected"),
    [
        ("environments: [dev, production]", {"production"}),
        ("environments: [dev, live]", {"live"}),
        ("environments: [one]", set()),
        ("environments: [dev, staging, prod], protected: [staging]", {"staging", "prod"}),
    ],
)
def test_some_environment_is_always_protected(org: str, protected: set[str]) -> None:
    """Production and prod always are, otherwise what is named, otherwise the last of several."""
    assert _read({"org.yaml": f"org: {{name: a, {org}}}\n"}).org.protected == protected


def test_other_files_of_a_repository_are_left_alone() -> None:
    """A repository of standards may hold what is not ours: documents, its own automation."""
    others = ("README.md", ".github/workflows/check.yaml", "mkdocs.yml", "tools/notes.yaml")
    assert _read({"org.yaml": ORG, **dict.fromkeys(others, "x: 1\n")}).org.name == "acme"
