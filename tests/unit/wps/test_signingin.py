"""Which way to sign in is chosen, of those that a service offers."""

from __future__ import annotations

import pytest

from teamconfig import StandardsError
from teamconfig.gen.waypaas.v1 import sessions_pb2
from wps import moments, signingin

CORP = sessions_pb2.Provider(name="corp", kind="oidc")
PEOPLE = sessions_pb2.Provider(name="people", kind="directory")
JOBS = sessions_pb2.Provider(name="jobs", kind="workload")
BOTH = ("loopback", "device")
SCREEN = {"DISPLAY": ":0"}


@pytest.mark.parametrize(
    ("offered", "wanted", "environ", "flow"),
    [
        (BOTH, None, SCREEN, "loopback"),
        (BOTH, None, {"WAYLAND_DISPLAY": "w"}, "loopback"),
        (BOTH, None, {}, "device"),
        (("device", "loopback"), None, SCREEN, "device"),
        (("device",), None, SCREEN, "device"),
        (("loopback",), None, {}, "loopback"),
        ((), None, {}, "device"),
        (BOTH, "loopback", {}, "loopback"),
        (BOTH, "device", SCREEN, "device"),
    ],
)
def test_the_flow(
    monkeypatch: pytest.MonkeyPatch, offered: tuple[str, ...], wanted: str | None, environ: dict[str, str], flow: str
) -> None:
    """The user's wish counts, else the provider's preference, and a browser only where there is a screen."""
    monkeypatch.setattr("sys.platform", "linux")
    assert signingin.flow_of(offered, wanted, environ) == flow


@pytest.mark.parametrize(("offered", "wanted"), [(("device",), "loopback"), (BOTH, "post")])
def test_a_flow_that_is_not_offered(offered: tuple[str, ...], wanted: str) -> None:
    """A way that the provider does not offer, or that there is not, is refused."""
    with pytest.raises(StandardsError, match=wanted):
        signingin.flow_of(offered, wanted, {})


@pytest.mark.parametrize(
    ("providers", "name", "environ", "chosen"),
    [
        ([CORP], None, {}, "corp"),
        ([CORP, JOBS], None, {}, "corp"),
        ([CORP, JOBS], None, {"WAYPAAS_ID_TOKEN": "x"}, "jobs"),
        ([CORP, JOBS], None, {"WAYPAAS_ID_TOKEN_FILE": "x"}, "jobs"),
        ([CORP, PEOPLE], "people", {}, "people"),
        ([CORP, JOBS], "corp", {"WAYPAAS_ID_TOKEN": "x"}, "corp"),
    ],
)
def test_the_provider(
    providers: list[sessions_pb2.Provider], name: str | None, environ: dict[str, str], chosen: str
) -> None:
    """The one that is named counts, else the only one for a person, or for a job that has a token."""
    assert signingin.choose(providers, name, environ, ask=False).name == chosen


@pytest.mark.parametrize(
    ("providers", "name", "environ"),
    [([CORP, PEOPLE], None, {}), ([JOBS], None, {}), ([CORP], None, {"WAYPAAS_ID_TOKEN": "x"}), ([CORP], "x", {}),
     ([], None, {})],
)  # fmt: skip
def test_no_provider(providers: list[sessions_pb2.Provider], name: str | None, environ: dict[str, str]) -> None:
    """Nothing is picked where it is unclear, and what there is not is refused."""
    with pytest.raises(StandardsError):
        signingin.choose(providers, name, environ, ask=False)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-5, "0 s"), (59, "59 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h 0 min"), (86399, "23 h 59 min"),
     (90000, "1 d 1 h")],
)  # fmt: skip
def test_a_length_of_time(seconds: float, text: str) -> None:
    """Times are written in their two largest units."""
    assert moments.span(seconds) == text


def test_secrets_are_not_shown() -> None:
    """A proof does not show its secrets."""
    proof = signingin.Proof(token="canary-1", password="canary-2", idp_token="canary-3")
    assert "canary" not in repr(proof)
