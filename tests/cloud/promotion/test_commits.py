"""`wps promote --commit`: a pipeline brings on the release of what was merged, and not the newest one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from shop import Shop

pytestmark = pytest.mark.flaky(reruns=1, only_rerun="HostHungError")


def planned(shop: Shop, commit: str) -> str:
    """Give the digest that would go to staging."""
    digest: str = shop.json("promote", "--to", "staging", "--plan", "--commit", commit)["digest"]
    return digest


def test_the_release_of_a_commit_goes_on(shop: Shop) -> None:
    """Of two releases in dev the one of the commit goes: by itself, squashed, merged; any other commit is refused."""
    git = shop.workshop.git
    (shop.app / ".gitignore").write_text(".waypoint/\ndata.db*\n")
    shop.workshop.commit("begin")
    git("branch", "main")
    first = shop.release("one")
    one = git("rev-parse", "HEAD")
    second = shop.release("two")
    two = git("rev-parse", "HEAD")
    assert (planned(shop, one), planned(shop, "HEAD"), planned(shop, one[:10])) == (first, second, first)

    git("checkout", "-q", "main")
    git("merge", "-q", "--squash", one)
    git("commit", "-q", "-m", "squashed")
    assert git("rev-parse", "HEAD") not in {one, two}
    assert planned(shop, "HEAD") == first

    git("reset", "-q", "--hard", "HEAD^")
    (shop.app / "other.txt").write_text("a change of main alone\n")
    git("add", "-A")
    git("commit", "-q", "-m", "other")
    told = shop.wps("promote", "--to", "staging", "--commit", "HEAD", "--yes", code=1)
    assert f"there is no release of commit {git('rev-parse', 'HEAD')[:12]} in dev" in told
    assert f"the newest releases there are of {two[:12]}, {one[:12]}" in told
    git("merge", "-q", "-m", "merged", one)
    assert planned(shop, "HEAD") == first

    assert shop.json("promote", "--to", "staging", "--commit", one, "--yes")["record"]["digest"] == first
    assert shop.serves("staging") == first
    assert shop.json("promote", "--to", "production", "--plan", "--commit", one)["digest"] == first
    assert "no release of commit" in shop.wps("promote", "--to", "production", "--commit", two, "--plan", code=1)
    assert "there is no commit nowhere" in shop.wps("promote", "--to", "staging", "--commit", "nowhere", code=1)
    assert "images are built there" in shop.wps("promote", "--to", "dev", "--commit", one, code=1)
