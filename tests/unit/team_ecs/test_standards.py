"""The standards of the app at hand, and what is made of them before any call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from team_ecs import deploying, messages
from team_ecs.options import Options
from teamconfig.model import Network
from teamplugin.identity import Identity
from teamplugin.standards import ADVISORY, Resolved, resolve
from waypaas_sdk.arguments import DeploymentConfig
from waypaas_sdk.errors import MissingError, OptionError
from waypaas_sdk.gen.docker.docker_pb2 import Image

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from teamconfig.profile import Profile

IDENTITY = Identity("shop", "web", "default", "dev", "payments")
CONFIG = DeploymentConfig(
    id="01H", sequence=7, server_addr="waypoint.test:9701", server_tls=True, entrypoint_invite_token="hunter2"
)
IMAGE = Image(image="registry.test/web", tag="sha256:" + "a" * 64, architecture="arm64")


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give an app's directory, with standards that set little."""
    monkeypatch.delenv("WAYPAAS_STANDARDS", raising=False)
    standards = tmp_path / "standards"
    (standards / "teams" / "payments").mkdir(parents=True)
    (standards / "org.yaml").write_text("org: {name: acme, contact: '#platform', environments: [dev]}\n")
    (standards / "teams" / "payments" / "team.yaml").write_text("team: {projects: [shop], owner: '#payments'}\n")
    (tmp_path / ".waypaas.toml").write_text(f'standards = "{standards}"\n')
    return tmp_path


def test_options_of_waypoint_hcl_win(directory: Path) -> None:
    """What waypoint.hcl sets, for section ecs and within it for the network, is in the profile of that app."""
    options = Options(cluster="mine", network=Network(host="a.b"))
    found = resolve("ecs", directory, "shop", "web", "default", options, "app.web.deploy.use")
    assert (found.profile.ecs.cluster, found.profile.network.host) == ("mine", "a.b")
    assert found.identity == IDENTITY
    assert found.limits == ADVISORY


def test_refusals_are_the_sdks(directory: Path) -> None:
    """A key with a value that the model forbids, and an unknown project, are told in the kinds that Waypoint shows."""
    with pytest.raises(OptionError, match=r"at app\.web\.deploy\.use\.memory"):
        resolve("ecs", directory, "shop", "web", "default", Options(memory="2GB"), "app.web.deploy.use")
    with pytest.raises(MissingError):
        resolve("ecs", directory, "nobodys", "web", "default")


def test_the_place_says_by_whose_right(make_profile: Callable[..., Profile]) -> None:
    """Where a service holds everybody to the standards, what is stored says so: later operations ask it too."""
    assert deploying.place_of(Resolved(make_profile(), IDENTITY, "")).service == ""
    place = deploying.place_of(Resolved(make_profile(), IDENTITY, "", authority="waypaas.acme.example:443"))
    assert (place.service, place.account) == ("waypaas.acme.example:443", "111122223333")
    assert messages.place_from_proto(messages.place_to_proto(place)) == place


def test_the_order_of_a_deploy(make_profile: Callable[..., Profile]) -> None:
    """The image goes by its digest, with its architecture; the invite token is given only where it is asked for."""
    order = deploying.make_order(Resolved(make_profile(), IDENTITY, ""), IMAGE, CONFIG)
    assert order.image == f"registry.test/web@sha256:{'a' * 64}"
    assert order.architecture == "arm64"
    assert "hunter2" not in str(order)
    asked = deploying.make_order(Resolved(make_profile(entrypoint_env=True), IDENTITY, ""), IMAGE, CONFIG)
    assert asked.environment["WAYPOINT_CEB_INVITE_TOKEN"] == "hunter2"


def test_a_protected_environment_has_no_other_door(make_profile: Callable[..., Profile]) -> None:
    """In a protected environment Waypoint's entrypoint is told to open no shell either."""
    protected = deploying.make_order(Resolved(make_profile("production"), IDENTITY, ""), IMAGE, CONFIG)
    assert protected.environment["WAYPOINT_CEB_DISABLE_EXEC"] == "1"
    assert (
        "WAYPOINT_CEB_DISABLE_EXEC"
        not in deploying.make_order(Resolved(make_profile(), IDENTITY, ""), IMAGE, CONFIG).environment
    )


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_both_variables_of_the_region_count(
    make_profile: Callable[..., Profile], monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """Where no standard names a region, AWS_REGION does, else AWS_DEFAULT_REGION; without any it is an error."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    unset = Resolved(make_profile(region=""), IDENTITY, "")
    with pytest.raises(OptionError, match=r"ecs\.region"):
        deploying.place_of(unset)
    monkeypatch.setenv(variable, "eu-north-1")
    assert deploying.place_of(unset).region == "eu-north-1"
