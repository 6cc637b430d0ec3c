"""`wps promote`, `rollback`, `reject`, `releases`, `diff`, `verify` over real registries and the real Waypoint."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from shop import Shop

pytestmark = pytest.mark.flaky(reruns=1, only_rerun="HostHungError")


def test_one_digest_from_dev_to_production(shop: Shop) -> None:
    """Built once in dev and promoted twice without arguments: the platform runs one digest in all environments."""
    digest = shop.release()
    assert "dev -> " in shop.wps("promote", "--yes")
    assert "staging -> " in shop.wps("promote", "--yes")
    assert {shop.serves(name) for name in ("dev", "staging", "production")} == {digest}
    assert "nothing to promote" in shop.wps("promote", "--yes")
    rows = shop.json("releases")["environments"]
    assert [row["record"]["digest"] for row in rows] == [digest] * 3
    assert [row["record"]["kind"] for row in rows] == ["deploy", "promote", "promote"]
    assert shop.json("verify")["environments"]["production"]["records"] == 1


def test_required_tests_and_soak_hold_a_release_back(shop: Shop) -> None:
    """What the standards want and is not there is told with why and how to go on; evidence and a waiver let it go."""
    shop.standards("staging", tests={"required": ["smoke", "unit"]}, promotion={"soak": "1h"})
    digest = shop.record()
    shop.test(digest, "smoke", "failed")
    text = shop.wps("promote", "--yes", code=1)
    assert f"test smoke does not speak for {digest[:19]} in dev\n  it failed" in text
    assert f"test unit does not speak for {digest[:19]} in dev\n  it did not run for this image" in text
    assert f"{digest[:19]} has not run for 1h in dev" in text
    assert "at environments/staging.yaml:1" in text
    assert "no release record" in shop.wps("releases", "--env", "staging")

    shop.test(digest, "smoke")
    shop.test(digest, "unit")
    plan = shop.json("promote", "--plan", code=1)
    assert plan["tests"] == {name: {"counts": True, "why_not": ""} for name in ("smoke", "unit")}
    assert [one["what"] for one in plan["problems"]] == [f"{digest[:19]} has not run for 1h in dev"]

    assert "--reason" in shop.wps("promote", "--waive", "soak", code=2)
    assert "waived" in shop.wps("promote", "--waive", "soak", "--reason", "hot fix, agreed with ana")
    assert shop.json("promote", "--plan")["waived"] == ["soak"]


def test_evidence_of_wps_test_counts(shop: Shop) -> None:
    """What `wps test` says of the image where it runs is what the next environment asks for."""
    shop.standards("dev", tests={"checks": [{"name": "smoke", "kind": "command", "command": ["true"]}]})
    shop.standards("staging", tests={"required": ["smoke"]})
    digest = shop.record()
    assert shop.json("promote", "--plan", code=1)["tests"]["smoke"]["why_not"] == "it did not run for this image"
    told = shop.json("test", "release", "--url", "http://127.0.0.1:9", "--image", f"registry.test/shop/web@{digest}")
    plan = shop.json("promote", "--plan")
    assert plan["tests"] == {"smoke": {"counts": True, "why_not": ""}}
    assert plan["evidence"] == told["evidence"]


def test_a_difference_that_no_standard_makes_is_refused(shop: Shop) -> None:
    """What waypoint.hcl sets in one workspace alone is shown and refused; what an environment declares goes."""
    shop.record()
    shop.standards("staging", kubernetes={"replicas": 5}, registry={
        "url": shop.registries["staging"].host, "repository": shop.path})  # fmt: skip
    plan = shop.json("promote", "--plan")
    assert ("kubernetes.replicas", True) in {(one["key"], one["declared"]) for one in plan["differences"]}
    text = (shop.app / "waypoint.hcl").read_text()
    own = 'build {\n    workspace "staging" {\n      use "team-ecr" { keep_images = 7 }\n    }\n'
    (shop.app / "waypoint.hcl").write_text(text.replace("build {\n", own, 1))
    refused = shop.wps("promote", "--yes", code=1)
    assert "registry.keep_images is 100 in dev and 7 in staging" in refused
    assert "waypoint.hcl:" in refused
    assert "! registry.keep_images 100 -> 7" in shop.wps("diff", "dev", "staging", code=1)


def test_rollback_brings_back_and_holds(shop: Shop) -> None:
    """A rollback gives the traffic back to the image before, and holds the environment until the hold is lifted."""
    first = shop.record()
    shop.wps("promote", "--yes")
    second = shop.record()
    shop.wps("promote", "--yes")
    assert shop.serves("staging") == second
    assert "back to" in shop.wps("rollback", "--env", "staging", "--yes")
    assert shop.serves("staging") == first
    assert shop.json("releases", "--env", "staging")[0]["kind"] == "rollback"

    refused = shop.wps("promote", "--yes", code=1)
    assert "staging is held" in refused
    assert "wps promote --to staging --lift-hold" in refused
    shop.wps("promote", "--to", "staging", "--lift-hold", "--yes")
    assert shop.serves("staging") == second
    assert shop.json("verify")["environments"]["staging"]["records"] == 4


def test_rollback_of_a_pruned_deployment_deploys_anew(shop: Shop) -> None:
    """Where Waypoint has pruned the deployment of the record, its image is deployed again, by its digest."""
    digests = [shop.record() for _ in range(1)]
    shop.wps("promote", "--yes")
    for _ in range(3):
        digests.append(shop.record())
        shop.wps("promote", "--yes")
    oldest = shop.json("releases", "--env", "staging")[-1]
    assert oldest["digest"] == digests[0]
    shop.wps("rollback", "--env", "staging", "--to", oldest["id"][:12], "--yes")
    assert shop.serves("staging") == digests[0]


def test_a_rejected_image_goes_nowhere(shop: Shop) -> None:
    """A rejection is told everywhere at once: promote, rollback, and Waypoint's own build; where it runs is listed."""
    digest = shop.record()
    shop.wps("promote", "--yes")
    text = shop.wps("reject", code=0)
    assert "no image is rejected" in text
    told = shop.wps("reject", digest, "--reason", "leaks tokens", code=1)
    assert "shop/web in staging: wps rollback --env staging" in told
    refused = shop.wps("promote", "--to", "production", "--yes", code=1)
    assert f"image {digest} must not go anywhere" in refused
    assert "leaks tokens" in refused
    with shop.waypoint("build", "-workspace=staging") as built:
        said, _ = built.communicate(timeout=100)
    assert built.returncode != 0
    assert f"image {digest} is rejected" in " ".join(said.split())
    assert "leaks tokens" in said
    shop.wps("reject", digest, "--lift")
    shop.wps("promote", "--to", "production", "--yes")
    assert shop.serves("production") == digest


def test_records_are_verified_offline(shop: Shop) -> None:
    """An exported chain is whole by its key, and not by another, nor after any change."""
    shop.record()
    shop.wps("promote", "--yes")
    file = shop.app.parent / "records.json"
    key = shop.json("verify", "--export", str(file))["keys"][0]
    assert shop.json("verify", "--records", str(file), "--key", key)["as_of"] > 0
    shop.wps("verify", "--records", str(file))
    assert "not what was signed" in shop.wps("verify", "--records", str(file), "--key", "0" * 64, code=1)
    other = file.with_name("other.json")
    other.write_text(file.read_text().replace('"project": "shop"', '"project": "shap"'))
    assert "another app" in shop.wps("verify", "--records", str(other), code=1)


def test_a_plan_of_a_large_image_sends_nothing(shop: Shop) -> None:
    """The plan of 500 MiB that are in the target's registry already: below 5 s, and not one byte of a blob."""
    size = 500 << 20
    digest = shop.record("dev", size)
    shop.copy(digest, "dev", "staging")
    began = time.monotonic()
    plan = shop.json("promote", "--plan")
    seconds = time.monotonic() - began
    move = plan["move"]
    assert (move["bytes_to_send"], move["blobs_to_send"]) == (0, 0)
    assert move["blobs_present"] >= 3
    assert seconds < 5, f"{seconds:.1f} s"


def test_without_a_terminal_nothing_is_done_unasked(shop: Shop) -> None:
    """Nobody can be asked, so nothing is done without --yes; an environment that is not there is told."""
    shop.record()
    assert "give --yes" in shop.wps("promote", code=1)
    assert "write production" in shop.wps("promote", "--to", "prod", "--yes", code=1)
