"""`wps preview` over real registries and the real Waypoint: how previews begin, are renewed, and end."""

from __future__ import annotations

import json
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.cloud.promotion.test_service import company, idp  # noqa: F401  # fixtures

if TYPE_CHECKING:
    from pathlib import Path

    from shop import Shop

    from tests.cloud.promotion.test_service import Company

pytestmark = pytest.mark.flaky(reruns=1, only_rerun="HostHungError")

RIVAL = """\
#!/bin/sh
case "$1 $*" in
  up*-workspace=preview-late*)
    "{0}" up -plain -app=web -workspace=preview-rival -label=waypaas/preview-branch=rival >&2 || exit 1;;
esac
exec "{0}" "$@"
"""
"""A Waypoint in which somebody else's preview comes first, behind the look at the quota."""


@pytest.fixture
def previewing(shop: Shop) -> Shop:
    """Give an app whose standards let it have two previews, with an image to build."""
    shop.standards("dev", preview={"enabled": True, "quota": 2, "ttl": "2h"})
    shop.write("a version")
    return shop


def listed(shop: Shop) -> dict[str, Any]:
    """List the previews, by branch."""
    return {one["branch"]: one for one in shop.json("preview", "list")}


def deployed(shop: Shop, workspace: str) -> list[Path]:
    """List what runs in a workspace, from the platform itself."""
    return sorted(shop.stand.glob(f"{workspace}-*.json"))


def test_a_preview_lives_until_it_is_ended(previewing: Shop) -> None:
    """A branch is deployed beside dev, told with URL and end, renewed by a push, and destroyed whole; twice is fine."""
    shop = previewing
    shop.workshop.git("checkout", "-q", "-b", "feature/Login")
    began = time.time()
    told = shop.wps("preview", "up", "--ttl", "1h")
    (one,) = shop.json("preview", "list")
    name = one["workspace"]
    assert name.startswith("preview-feature-login-")
    assert one["branch"] == "feature/Login"
    assert began + 3600 <= one["ends"] + 1 <= time.time() + 3601
    assert f"{name} has feature/Login at {one['urls']['web']} until " in told
    assert len(deployed(shop, name)) == 1
    assert not (shop.stand / "live-default").exists(), "dev is as it was"
    assert "no release record" in shop.wps("releases", "--env", "dev")

    digest = shop.write("a newer version")
    renewed = shop.json("preview", "up", "--ttl", "90m")
    assert renewed["ends"] > one["ends"] + 1700
    assert renewed["began"] == one["began"]
    assert json.loads(deployed(shop, name)[-1].read_text())["tag"].endswith(digest)

    assert shop.wps("preview", "down") == f"{name} is ended\n"
    assert deployed(shop, name) == []
    assert shop.json("preview", "list") == []
    assert "nothing to end" in shop.wps("preview", "down", "--branch", "feature/Login")
    assert "nothing to end" in shop.wps("preview", "down", name)
    assert shop.json("preview", "up")["began"] > one["began"], "a preview that was ended begins anew"


def test_the_quota_holds_and_names_the_oldest(previewing: Shop) -> None:
    """Beyond the quota a preview is refused by naming the oldest; one that is over its time makes room by itself."""
    shop = previewing
    shop.wps("preview", "up", "--branch", "one")
    shop.wps("preview", "up", "--branch", "two", "--ttl", "1h")
    shop.wps("preview", "up", "--branch", "two", "--ttl", "1s")
    time.sleep(1)
    shop.wps("preview", "up", "--branch", "three")
    assert list(listed(shop)) == ["one", "three"]
    assert deployed(shop, "preview-two") == []
    told = shop.wps("preview", "up", "--branch", "four", code=1)
    assert "project shop has 2 previews already" in told
    assert "preview.quota permits 2 at once; the oldest: preview-one (until " in told
    assert "wps preview down preview-one" in told
    assert deployed(shop, "preview-four") == []
    shop.wps("preview", "up", "--branch", "one")
    assert list(listed(shop)) == ["one", "three"], "a renewed one is as old as it was"


def test_of_two_at_once_the_later_gives_way(previewing: Shop) -> None:
    """Who finds behind the deploy that others came first, and the quota is full, ends its own preview again."""
    shop = previewing
    shop.standards("dev", preview={"enabled": True, "quota": 1})
    waypoint = shop.workshop.app.parent / "rival"
    waypoint.write_text(RIVAL.format(shop.environ["WAYPOINT_BIN"]))
    waypoint.chmod(0o755)
    shop.environ["WAYPOINT_BIN"] = str(waypoint)
    assert "has 1 preview already" in shop.wps("preview", "up", "--branch", "late", code=1)
    assert list(listed(shop)) == ["rival"]
    assert deployed(shop, "preview-late") == []


def test_two_at_once_in_one_directory_keep_the_quota(previewing: Shop) -> None:
    """Two runs beside each other wait for each other, and one preview comes of a quota of one."""
    shop = previewing
    shop.standards("dev", preview={"enabled": True, "quota": 1})
    runs = [shop.start("preview", "up", "--branch", branch) for branch in ("one", "two")]
    for run in runs:
        run.communicate(timeout=200)
    assert sorted(run.returncode for run in runs) == [0, 1]
    assert len(listed(shop)) == 1


def test_a_preview_has_all_apps_of_its_branch(previewing: Shop) -> None:
    """Apps of one branch share its preview, and end with it; another branch's preview is never taken over."""
    shop = previewing
    file = shop.app / "waypoint.hcl"
    web = file.read_text().partition("\n\n")[2]
    beside = shop.stand / "api"
    beside.mkdir()
    file.write_text(file.read_text() + web.replace('"web"', '"api"', 1).replace(str(shop.stand), str(beside)))
    shop.wps("preview", "up", "web", "--branch", "both")
    shop.wps("preview", "up", "api", "--branch", "both")
    (one,) = shop.json("preview", "list", "--app", "web")
    assert one["apps"] == ["api", "web"]
    assert len(list(beside.glob("preview-both-*.json"))) == len(deployed(shop, "preview-both")) == 1
    shop.wps("preview", "down", "--app", "web", "--branch", "both")
    assert list(beside.glob("preview-both-*.json")) == deployed(shop, "preview-both") == []
    taken = shop.waypoint("up", "-app=web", "-workspace=preview-mine", "-label=waypaas/preview-branch=MINE")
    taken.communicate(timeout=100)
    assert "it is that of branch MINE" in shop.wps("preview", "up", "web", "--branch", "mine", code=1)


def test_a_sweep_ends_what_is_over_or_has_no_branch(previewing: Shop) -> None:
    """Over its time, or with its branch gone from the remote, a preview is swept; what Waypoint deployed alone, too."""
    shop = previewing
    remote = shop.app.parent / "remote.git"
    subprocess.run(["git", "init", "-q", "--bare", remote], check=True)
    shop.workshop.git("remote", "add", "origin", str(remote))
    shop.workshop.git("push", "-q", "origin", "HEAD:refs/heads/kept")
    shop.wps("preview", "up", "--branch", "kept")
    shop.wps("preview", "up", "--branch", "lost")
    assert shop.wps("preview", "sweep", "--gone", "--dry-run") == "preview-lost would be ended: branch lost is gone\n"
    assert shop.wps("preview", "sweep") == "0 previews ended\n"
    assert shop.wps("preview", "sweep", "--gone") == "1 preview ended\n"
    assert list(listed(shop)) == ["kept"]
    assert "branches of the remote nowhere are not known" in shop.wps(
        "preview", "sweep", "--gone", "--remote", "nowhere", code=1
    )
    raw_up = shop.waypoint("up", "-workspace=preview-raw")
    raw_up.communicate(timeout=100)
    assert raw_up.returncode == 0
    raw = listed(shop)[""]
    assert raw["workspace"] == "preview-raw"
    assert 7100 < raw["ends"] - raw["began"] < 7300, "it lives as long as the standards say"
    shop.standards("dev", preview={"enabled": False, "ttl": "1m"})
    assert "preview-raw" in shop.wps("preview", "list"), "they can be ended where they are not made any more"
    shop.wps("preview", "down", "preview-raw")
    assert list(listed(shop)) == ["kept"]


@pytest.mark.parametrize("moment", ["deploy", "release"])
def test_a_killed_run_leaves_nothing_that_cannot_be_ended(previewing: Shop, moment: str) -> None:
    """Killed while the platform deploys or releases, the preview is listed, taken further by up, and ended by down."""
    shop = previewing
    (shop.stand / f"hang-{moment}").touch()
    child = shop.begin("preview", "up", "--branch", "broken")
    shop.until((shop.stand / f"began-{moment}").exists, child)
    shop.kill(child)
    (shop.stand / f"hang-{moment}").unlink()
    assert shop.json("preview", "up", "--branch", "broken")["branch"] == "broken"
    assert shop.wps("preview", "down", "--branch", "broken") == "preview-broken is ended\n"
    assert deployed(shop, "preview-broken") == []
    assert listed(shop) == {}


def test_a_killed_end_goes_on(previewing: Shop) -> None:
    """Killed while it destroys, an end is ended by the next one, whatever was gone already."""
    shop = previewing
    shop.wps("preview", "up", "--branch", "going")
    waypoint, log = shop.workshop.app.parent / "slow", shop.workshop.app.parent / "destroying"
    waypoint.write_text(f'#!/bin/sh\nif [ "$1" = destroy ]; then touch "{log}"; fi\n'
                        f'exec "{shop.environ["WAYPOINT_BIN"]}" "$@"\n')  # fmt: skip
    waypoint.chmod(0o755)
    shop.environ["WAYPOINT_BIN"] = str(waypoint)
    child = shop.begin("preview", "down", "--branch", "going")
    shop.until(log.exists, child)
    shop.kill(child)
    shop.wps("preview", "down", "--branch", "going")
    assert deployed(shop, "preview-going") == []
    assert listed(shop) == {}


def test_what_must_not_be_is_refused(previewing: Shop) -> None:
    """Without the standard, beyond its time, under dev's own name, or for what is no branch, there is no preview."""
    shop = previewing
    for arguments, words in (
        (("--ttl", "3h"), "preview.ttl permits at most 2h"), (("--ttl", "0s"), "lives for a second at least"),
        (("--ttl", "soon"), "a duration is a number with h, m, s or ms"), (("--branch", "a b"), "no name of a branch"),
        (("--branch", "-x"), "no name of a branch"), (("--branch", ""), "no name of a branch"),
    ):  # fmt: skip
        assert words in shop.wps("preview", "up", *arguments, code=1)
    shop.workshop.git("checkout", "-q", "--detach")
    assert "no branch is checked out here" in shop.wps("preview", "up", code=1)
    for name in ("production", "default", "preview-", "preview-x;y"):
        assert "is no preview" in shop.wps("preview", "down", name, code=1)
    shop.wps("preview", "down", "preview-x", "--branch", "x", code=2)
    shop.standards("dev", preview={"enabled": True}, network={"host": "{app}.{environment}.acme.test"})
    told = shop.wps("preview", "up", "--branch", "x", code=1)
    assert "it would answer as web.dev.acme.test, and so take the traffic of dev" in told
    shop.standards("dev")
    told = shop.wps("preview", "up", "--branch", "x", code=1)
    assert "shop/web cannot have a preview of x" in told
    assert "preview.enabled is false for it in dev" in told
    assert not (shop.app / "data.db").exists(), "Waypoint was not asked for anything"


def test_a_service_says_who_may_have_previews(previewing: Shop, company: Company) -> None:  # noqa: F811  # a fixture
    """With a service, its standards count: a developer has previews up to its quota, and ends them."""
    company.be("dora", "developers")
    for branch in ("one", "two"):
        previewing.wps("preview", "up", "--branch", branch)
    assert "preview.quota permits 2 at once" in previewing.wps("preview", "up", "--branch", "three", code=1)
    previewing.wps("preview", "down", "--branch", "one")
    assert list(listed(previewing)) == ["two"]


def test_a_sweep_goes_on_behind_what_cannot_be_ended(previewing: Shop) -> None:
    """A preview whose destroy fails is told, and the others are ended; a remote without branches ends nothing."""
    shop = previewing
    for branch in ("stuck", "other"):
        shop.wps("preview", "up", "--branch", branch, "--ttl", "1m")
    empty, waypoint = shop.app.parent / "empty.git", shop.app.parent / "stuck"
    subprocess.run(["git", "init", "-q", "--bare", empty], check=True)
    assert "it has no branch at all" in shop.wps("preview", "sweep", "--gone", "--remote", str(empty), code=1)
    waypoint.write_text(
        '#!/bin/sh\ncase "$1 $*" in destroy*-workspace=preview-stuck*) exit 1;; esac\n'
        f'exec "{shop.environ["WAYPOINT_BIN"]}" "$@"\n'
    )
    waypoint.chmod(0o755)
    shop.environ["WAYPOINT_BIN"] = str(waypoint)
    time.sleep(max(0.0, max(one["ends"] for one in listed(shop).values()) - time.time()))
    assert "1 preview ended" in shop.wps("preview", "sweep", code=1)
    assert list(listed(shop)) == ["stuck"]


def test_nobody_ends_the_preview_of_another_branch(previewing: Shop) -> None:
    """Where two branches came to one name, the second one neither takes the preview over nor ends it."""
    shop = previewing
    shop.wps("preview", "up", "--branch", "login")
    child = shop.waypoint("up", "-workspace=preview-mine", "-label=waypaas/preview-branch=other")
    said, _ = child.communicate(timeout=100)
    assert child.returncode == 0, said
    assert "it is that of branch other" in shop.wps("preview", "down", "--branch", "mine", code=1)
    assert sorted(listed(shop)) == ["login", "other"]
