"""Taking a revision from git by who signed what: real commits, real signatures, the service's own database."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from teamconfig import StandardsError
from teamconfig.service import taking
from teamconfig.service.revisions import Revisions
from teamconfig.service.taking import Taking
from teamconfig.state import database as databases
from teamconfig.state.writer import Writer
from teamconfig.store import git
from teamconfig.store.history import History

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

ORG = "org:\n  name: acme\n  environments: [dev, live]\n  roles: {security: [%s]}\n"
TEAM = "team: {roles: {developer: [d], lead: [%s]}}\nstandards: {kubernetes: {cpu: %s}}\n"
GROUPS = {"ann": ["s"], "ben": ["s"], "cat": ["d"]}
LEAD, PROTECTION = "team.roles.lead of team a gains w", "org.environments or org.protected changes"


class Company:
    """Standards in git, three people who sign, and a service that follows them.

    Args:
        root: Of everything.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.repository = root / "standards"
        self.repository.mkdir()
        self.environ = {
            "HOME": str(root), "PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null",
        }  # fmt: skip
        allowed = []
        for name in (*GROUPS, "mallory"):
            command = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(root / name))
            subprocess.run(command, check=True)
            if name != "mallory":
                allowed.append(f"{name} {(root / f'{name}.pub').read_text()}")
        (root / "allowed").write_text("".join(allowed))
        self.git("init", "--quiet", "--initial-branch=main")
        self.database = databases.open(f"sqlite:///{root}/state.db")
        self.database.upgrade()
        self.writer = Writer(self.database, b"k" * 32)
        place = git.location(f"git+{self.repository}#main", root)
        self.history = History(place, self.environ, root / "allowed")
        judge = Taking(self.history, self.database, self.writer, GROUPS, lambda: 1.0, signed=True)
        self.revisions = Revisions(self.history, judge.check, str(place), judge.serial, lambda: 1.0)

    def git(self, *arguments: str, who: str = "ann") -> str:
        """Run git as somebody."""
        settings = ("-c", f"user.name={who}", "-c", f"user.email={who}@acme.example", "-c", "gpg.format=ssh",
                    "-c", f"user.signingKey={self.root / who}")  # fmt: skip
        command = ("git", "-C", str(self.repository), *settings, *arguments)
        return subprocess.run(command, check=True, capture_output=True, text=True, env=self.environ).stdout.strip()

    def commit(self, who: str, files: Mapping[str, str] | None = None, *, signed: bool = True) -> str:
        """Commit files, or nothing; give the name of the commit."""
        for path, text in (files or {}).items():
            (self.repository / path).parent.mkdir(parents=True, exist_ok=True)
            (self.repository / path).write_text(text)
        self.git("add", "-A")
        sign = "-S" if signed else "--no-gpg-sign"
        self.git("commit", "--quiet", "--allow-empty", sign, "-m", f"by {who}", who=who)
        return self.git("rev-parse", "HEAD")

    def merge(self, who: str, branch: str, *arguments: str) -> None:
        """Merge a branch into main."""
        self.git("merge", "--quiet", "--no-ff", "-S", *arguments, "-m", f"merged by {who}", branch, who=who)

    def refused(self) -> list[str]:
        """Let the service look; give why the newest revision is refused."""
        self.revisions.look()
        problems = self.revisions.refused.problems if self.revisions.refused is not None else ()
        return [problem.what for problem in problems]

    def close(self) -> None:
        """Close the database."""
        self.writer.close()
        self.database.close()


@pytest.fixture(name="company")
def _company(tmp_path: Path) -> Iterator[Company]:
    """Give a company whose service serves its first revision."""
    found = Company(tmp_path)
    found.commit("ann", {"org.yaml": ORG % "s", "teams/a/team.yaml": TEAM % ("l", "100m")})
    assert found.refused() == []
    yield found
    found.close()


def test_who_signed_something_else_has_not_signed_the_change(company: Company) -> None:
    """A typo by ben and a new lead by ann on top of it are not a new lead by two; ben's signature on top is."""
    company.commit("ben", {"teams/a/team.yaml": TEAM % ("l", "200m")})
    company.commit("ann", {"teams/a/team.yaml": TEAM % ("l, w", "200m")})
    assert company.refused() == [LEAD]
    company.commit("cat")
    assert company.refused() == [LEAD], "cat is not of security"
    company.commit("ben")
    assert company.refused() == []
    assert company.revisions.current is not None
    assert company.revisions.current.tree.teams["a"].roles["lead"] == ("l", "w")


def test_a_reviewed_branch_is_taken(company: Company) -> None:
    """Who merges a branch has signed what it holds; commits of the branch and on main meanwhile do not matter."""
    company.git("switch", "--quiet", "-c", "more")
    company.commit("ann", {"teams/a/team.yaml": TEAM % ("l, w", "100m")})
    company.git("switch", "--quiet", "main")
    company.commit("cat", {"teams/b/team.yaml": "team: {projects: [catalog]}\n"})
    assert company.refused() == []
    company.merge("ann", "more")
    assert company.refused() == [LEAD], "ann made it and merged it"
    company.git("reset", "--quiet", "--hard", "HEAD~1")
    company.merge("ben", "more")
    assert company.refused() == []


def test_a_merge_that_makes_a_change_of_its_own(company: Company) -> None:
    """What a merge commit alone holds is signed by who merged, not by those whose commits are merged."""
    company.git("switch", "--quiet", "-c", "more")
    company.commit("ben", {"teams/a/team.yaml": TEAM % ("l", "200m")})
    company.git("switch", "--quiet", "main")
    company.merge("ann", "more", "--no-commit")
    company.commit("ann", {"teams/a/team.yaml": TEAM % ("l, w", "200m")})
    assert company.refused() == [LEAD]


def test_a_merge_that_brings_back_what_was(company: Company) -> None:
    """An old branch, taken instead of what is served, does not lend its signer's name to the change back."""
    company.git("switch", "--quiet", "-c", "old")
    company.commit("ben", {"teams/b/team.yaml": "team: {projects: [catalog]}\n"})
    company.git("switch", "--quiet", "main")
    company.commit("ann", {"org.yaml": (ORG % "s").replace("live]\n", "live]\n  protected: [dev, live]\n")})
    company.commit("ben")
    assert company.refused() == []
    company.merge("ann", "old", "--no-commit")
    company.commit("ann", {"org.yaml": ORG % "s"})
    assert PROTECTION in company.refused()


def test_every_commit_in_between_is_signed(company: Company) -> None:
    """One commit without a signature, or by a key that is not allowed, refuses all that comes after it."""
    company.commit("ann", signed=False)
    bad = company.commit("ann")
    assert company.refused() == [f"commit {company.git('rev-parse', 'HEAD~1')[:12]} of the standards is refused"]
    company.git("reset", "--quiet", "--hard", "HEAD~2")
    bad = company.commit("mallory")
    company.commit("ann")
    assert company.refused() == [f"commit {bad[:12]} of the standards is refused"]


def test_commits_are_listed_with_their_signers(company: Company) -> None:
    """Each commit after the older one once, the newest first, whatever git's user has set."""
    older = company.git("rev-parse", "HEAD")
    names = [company.commit(who) for who in ("ann", "ben", "cat")]
    company.git("config", "log.showSignature", "true")
    found = company.history.commits(older, names[-1])
    assert [(commit.name, commit.signer) for commit in found] == list(zip(names, ("ann", "ben", "cat"), strict=True))[
        ::-1
    ]
    assert len({commit.content for commit in found}) == 1
    assert [commit.signer for commit in company.history.commits("", names[1])] == ["ben"]
    with pytest.raises(StandardsError):
        company.history.commits(older, "0" * 40)


def test_only_the_newest_commits_count(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond a bound of commits, older signatures count for nothing: the change is refused, not taken."""
    monkeypatch.setattr(taking, "MOST_COMMITS", 3)
    company.commit("ben", {"teams/a/team.yaml": TEAM % ("l, w", "100m")})
    for _ in range(3):
        company.commit("ann")
    assert company.refused() == [LEAD]
    company.commit("ben")
    assert company.refused() == []


def test_a_broken_commit_in_between_counts_for_nobody(company: Company) -> None:
    """A commit whose standards cannot be read gives its signer no word on what came of it."""
    company.commit("ben", {"teams/a/team.yaml": TEAM % ("l, w", "100m"), "org.yaml": "org: ["})
    company.commit("ann", {"org.yaml": ORG % "s"})
    assert company.refused() == [LEAD]
