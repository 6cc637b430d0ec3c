"""Profiles, projects and revisions over a real TLS server."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from teamconfig import StandardsError, bundle, resolve
from teamconfig.client.copies import bundle_name
from teamconfig.client.errors import ServiceError, UnreachableError
from teamconfig.client.stanzas import stanzas_json
from teamconfig.gen.waypaas.v1 import common_pb2, standards_pb2
from teamconfig.stanza import Stanza
from testservers import service

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cloud.service.conftest import People
    from testservers.oidc import OidcProvider

STATUS = standards_pb2.GetStatusRequest()


def target(workspace: str = "dev", project: str = "shop", app: str = "web") -> common_pb2.Target:
    """Name an app in an environment."""
    return common_pb2.Target(project=project, app=app, workspace=workspace)


def test_a_profile_is_that_of_the_whole_standards(people: People) -> None:
    """What a client resolves from the signed part is what the whole standards resolve to, with the same places."""
    client = people.sign_in("dora", "payments-developers")
    for workspace in ("default", "staging", "production"):
        part = client.tree("shop", "web", workspace)
        mine = resolve.profile(part, project="shop", app="web", workspace=workspace)
        reply = client.call("Standards/Explain", standards_pb2.ExplainRequest(target=target(workspace)))
        assert reply.revision == mine.revision == part.revision
        assert (reply.team, reply.environment) == (mine.team, mine.environment)
        origin = mine.origin("kubernetes", "memory")
        assert origin is not None
        assert origin.winner.place.startswith("teams/payments/")
    assert part.authority == people.running.address


def test_another_team_s_standards_are_not_shown(people: People) -> None:
    """A developer of one team gets no file of another team, and none of its profiles."""
    client = people.sign_in("dora", "payments-developers")
    text = client.call("Standards/Resolve", standards_pb2.ResolveRequest(target=target())).bundle
    keys = [bytes.fromhex(key) for key in client.session().signing_keys]
    assert not [path for path in bundle.read(text, keys, "").files if "search" in path]
    with pytest.raises(ServiceError) as caught:
        client.tree("catalog", "web", "dev")
    assert caught.value.reason == "no_role"
    assert "search" in str(caught.value)
    assert "ask #search" in str(caught.value)


def test_an_option_that_a_rule_forbids_is_refused_by_the_service(people: People) -> None:
    """Options of waypoint.hcl are judged by the service too, in the same words with the same places."""
    client = people.sign_in("dora", "payments-developers")
    stanza = Stanza("kubernetes", {"memory": "64Gi"}, "app.web.deploy.use")
    request = standards_pb2.ResolveRequest(target=target(), stanzas=stanzas_json([stanza]))
    with pytest.raises(ServiceError) as caught:
        client.call("Standards/Resolve", request)
    assert caught.value.kind in {"policy", "option"}
    assert 'option memory = "64Gi" is not allowed' in str(caught.value)
    assert "at app.web.deploy.use.memory" in str(caught.value)


def test_rights_are_explained_step_by_step(people: People) -> None:
    """Who asks whether they may promote reads each step, who may, and whom to ask."""
    asked = standards_pb2.ExplainRightRequest(action="promote", target=target("production"))
    told = people.sign_in("dora", "payments-developers").call("Standards/ExplainRight", asked)
    assert not told.allowed
    assert "lead of team payments (payments-leads)" in told.text
    assert "ask #payments" in told.text
    assert people.sign_in("lena", "payments-leads").call("Standards/ExplainRight", asked).allowed


def test_a_project_is_registered_once_and_for_one_team(people: People) -> None:
    """A developer registers a new project; again is no harm; another team and another remote are refused."""
    client = people.sign_in("dora", "payments-developers")
    request = standards_pb2.RegisterProjectRequest(project="invoices", remote="git.example/acme/invoices")
    made = client.call("Standards/RegisterProject", request)
    assert (made.team, made.created) == ("payments", True)
    assert not client.call("Standards/RegisterProject", request).created
    assert client.tree("invoices", "api", "dev").team_of("invoices").name == "payments"
    other = people.sign_in("sam", "search")
    with pytest.raises(ServiceError) as caught:
        other.call("Standards/RegisterProject", standards_pb2.RegisterProjectRequest(project="invoices", team="search"))
    assert caught.value.reason in {"project_taken", "no_role"}
    moved = standards_pb2.RegisterProjectRequest(project="invoices", remote="git.example/evil/invoices")
    with pytest.raises(ServiceError) as caught:
        client.call("Standards/RegisterProject", moved)
    assert caught.value.reason == "remote_differs"


def test_who_is_in_two_teams_has_to_say_which(people: People) -> None:
    """Nothing is picked silently: without a team the call is refused, and names both."""
    client = people.sign_in("tom", "payments-developers", "search")
    with pytest.raises(ServiceError) as caught:
        client.call("Standards/RegisterProject", standards_pb2.RegisterProjectRequest(project="two"))
    assert caught.value.reason == "team_unclear"
    assert "payments, search" in str(caught.value)
    made = client.call("Standards/RegisterProject", standards_pb2.RegisterProjectRequest(project="two", team="search"))
    assert made.team == "search"


@pytest.mark.parametrize("name", ["", "Shop", "a" * 41, "-a", "a_b", "../x", "a\n", "shöp"])
def test_odd_names_of_projects_are_refused(people: People, name: str) -> None:
    """A project's name has small letters, digits and dashes."""
    client = people.sign_in("dora", "payments-developers")
    with pytest.raises(ServiceError):
        client.call("Standards/RegisterProject", standards_pb2.RegisterProjectRequest(project=name))


def test_a_broken_revision_is_refused_whole(tmp_path: Path, idp: OidcProvider, people: People) -> None:
    """A revision with a mistake is not taken, the old one serves on, and status tells why; mended, it is taken."""
    with service.start(tmp_path / "own", [provider_of(idp)]) as running:
        client = running.open(tmp_path / "home", "corp", token=people.token("lena", "payments-leads"))
        before = client.call("Standards/GetStatus", STATUS).revision
        broken = running.standards / "teams" / "payments" / "team.yaml"
        good = broken.read_text()
        broken.write_text(good.replace("memory: 256Mi", "memory: 256Gi"))
        (running.standards / "environments" / "dev.yaml").write_text("standards: {kubernetes: {memoryy: 1Gi}}\n")
        told = until(lambda: client.call("Standards/GetStatus", STATUS), lambda found: found.refused_revision != "")
        assert told.revision == before
        assert "unknown key memoryy" in [problem.what for problem in told.problems]
        assert "refused" in told.parts["standards"]
        client.tree("shop", "web", "dev")
        (running.standards / "environments" / "dev.yaml").write_text("standards: {}\n")
        told = until(
            lambda: client.call("Standards/GetStatus", STATUS),
            lambda found: any("kubernetes.memory" in problem.what for problem in found.problems),
        )
        assert told.revision == before, "what breaks a rule for one app only is refused too"
        broken.write_text(good)
        told = until(lambda: client.call("Standards/GetStatus", STATUS), lambda found: found.revision != before)
        assert told.refused_revision == ""
        client.close()
        logged = [json.loads(line) for line in running.log.splitlines()]
        told_of = [(line["message"], line["revision"]) for line in logged if line["message"].startswith("revision ")]
        assert [message for message, _ in told_of].count("revision refused") == 2, "once each, though it looks often"
        assert told_of[0] == ("revision taken", before)
        assert told_of[-1] == ("revision taken", told.revision)
        assert any("memoryy" in str(line.get("problems")) for line in logged)


def test_policy_tests_beside_the_standards_are_obeyed(tmp_path: Path, idp: OidcProvider, people: People) -> None:
    """A revision whose own rows of who may what do not hold is refused."""
    with service.start(tmp_path / "own", [provider_of(idp)]) as running:
        client = running.open(tmp_path / "home", "corp", token=people.token("lena", "payments-leads"))
        who = "who: {groups: [payments-developers]}, can: promote, project: shop, environment: production"
        rows = f"tests:\n- {{{who}, expect: allow}}\n"
        (running.standards / "policy-tests.yaml").write_text(rows)
        told = until(lambda: client.call("Standards/GetStatus", STATUS), lambda found: found.refused_revision != "")
        assert told.problems
        client.close()


def test_the_kept_copy_serves_when_the_service_is_away(tmp_path: Path, idp: OidcProvider, people: People) -> None:
    """Without the service a kept profile serves dev, says so, and never production; a tampered one is refused."""
    with service.start(tmp_path / "own", [provider_of(idp)]) as running:
        client = running.open(tmp_path / "home", "corp", token=people.token("lena", "payments-leads"))
        for workspace in ("dev", "production"):
            client.tree("shop", "web", workspace)
        running.stop()
        kept = client.tree("shop", "web", "dev")
        assert kept.offline
        assert "cannot be reached" in kept.note
        assert "good until" in kept.note
        with pytest.raises(StandardsError) as refused:
            client.tree("shop", "web", "production")
        assert "nothing is done in production" in str(refused.value)
        with pytest.raises(UnreachableError):
            client.tree("shop", "other", "dev")
        place = client.vault.directory / f"{bundle_name('shop', 'web', 'dev')}.jws"
        whole = place.read_text()
        for number in range(0, len(whole), max(1, len(whole) // 60)):
            swapped = "A" if whole[number] != "A" else "B"
            place.write_text(whole[:number] + swapped + whole[number + 1 :])
            with pytest.raises(StandardsError):
                client.tree("shop", "web", "dev")
        place.write_text(whole)
        client.vault.update(serial=99)
        with pytest.raises(StandardsError) as rolled_back:
            client.tree("shop", "web", "dev")
        assert "lower than 99" in str(rolled_back.value)
        client.vault.save(replace(client.session(), serial=0, principal="corp|u-mallory"))
        with pytest.raises(StandardsError) as foreign:
            client.tree("shop", "web", "dev")
        assert "it is for principal" in str(foreign.value)
        client.close()


def provider_of(idp: OidcProvider) -> dict[str, str]:
    """Give the identity provider as service.yaml has it."""
    return {"kind": "oidc", "name": "corp", "issuer": idp.issuer, "client_id": "wps"}


def until(
    ask: Callable[[], standards_pb2.Status], good: Callable[[standards_pb2.Status], bool]
) -> standards_pb2.Status:
    """Ask for the status until it is as wanted."""
    deadline = time.monotonic() + 20
    while not good(told := ask()):
        assert time.monotonic() < deadline, told
        time.sleep(0.2)
    return told
