"""The providers' configuration: what is taken, and that every mistake is told at once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teamconfig.errors import StandardsError
from teamconfig.identity import providers

OIDC = {"name": "corp", "kind": "oidc", "issuer": "https://login.corp.example", "client_id": "wps"}
AD = {
    "name": "ad", "kind": "directory", "url": "ldaps://dc1.corp.example", "ca": "/etc/ad.pem",
    "bind_dn": "CN=wps,DC=corp", "bind_password_file": "/run/secrets/ad",
}  # fmt: skip
GITHUB = {"name": "github", "kind": "workload", "system": "github", "audience": "wps"}
LINKED = {"groups_from": "ad", "link_claim": "objectguid"}


def problems(*entries: object) -> list[str]:
    """Give what is wrong with some providers."""
    with pytest.raises(StandardsError) as caught:
        providers.read(list(entries), "service.yaml")
    return [f"{problem.where}: {problem.what}" for problem in caught.value.problems]


def test_a_good_configuration_is_read() -> None:
    """The three kinds are read, with their defaults, in order."""
    oidc, directory, workload = providers.read([OIDC | LINKED, AD, GITHUB], "service.yaml")
    assert isinstance(oidc, providers.OidcSettings)
    assert (oidc.flows, oidc.groups_claim, oidc.groups_from) == (("loopback", "device"), "groups", "ad")
    assert isinstance(directory, providers.DirectorySettings)
    worker = directory.worker()
    assert (worker["host"], worker["port"], worker["tls"]) == ("dc1.corp.example", 636, "ldaps")
    assert isinstance(workload, providers.WorkloadSettings)


@pytest.mark.parametrize(
    ("url", "starttls", "expected"),
    [
        ("ldap://dc1:1389", True, ("dc1", 1389, "starttls")),
        ("ldap://localhost", False, ("localhost", 389, "none")),
        ("ldaps://[::1]:1636", False, ("::1", 1636, "ldaps")),
    ],
)
def test_addresses_of_directories(url: str, *, starttls: bool, expected: tuple[str, int, str]) -> None:
    """Host, port and TLS come from the address."""
    (settings,) = providers.read([AD | {"url": url, "starttls": starttls}], "service.yaml")
    assert isinstance(settings, providers.DirectorySettings)
    worker = settings.worker()
    assert (worker["host"], worker["port"], worker["tls"]) == expected


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (OIDC | {"issuer": "http://login.corp.example"}, "no issuer"),
        (OIDC | {"issuer": "https://login.corp.example?a=b"}, "no issuer"),
        (OIDC | {"client_id": ""}, "empty"),
        (OIDC | {"client": "x"}, "client is not a setting"),
        (OIDC | {"scopes": ["profile"]}, "openid is missing"),
        (OIDC | {"scopes": "openid"}, "is not a list of texts"),
        (OIDC | {"flows": ["implicit"]}, "not known"),
        (OIDC | {"groups_from": "ad"}, "stand alone"),
        (OIDC | {"groups_claim": ""}, "empty"),
        (OIDC | {"overage": "ignore"}, "not known"),
        (OIDC | LINKED, "groups_from of corp is ad"),
        (OIDC | {"name": "Corp!"}, "no name of a provider"),
        (OIDC | {"kind": "saml"}, "kind is 'saml'"),
        ({"name": "x"}, "kind is None"),
        ("text", "kind is missing"),
        (AD | {"url": "ldap://dc1.corp.example"}, "without TLS"),
        (AD | {"url": "ldaps://dc1.corp.example/dc=x"}, "no address"),
        (AD | {"url": "ldaps://user:pw@dc1.corp.example"}, "no address"),
        (AD | {"url": "https://dc1.corp.example"}, "no address"),
        (AD | {"url": "ldaps://["}, "no address"),
        (AD | {"starttls": True}, "has TLS already"),
        (AD | {"bind_password_file": ""}, "stand alone"),
        (AD | {"most_groups": 0}, "out of bounds"),
        (AD | {"most_groups": True}, "is not a whole number"),
        (AD | {"dialect": "novell"}, "not known"),
        (AD | {"user_attribute": "uid)(x"}, "no name of an attribute"),
        (GITHUB | {"system": "jenkins"}, "not known"),
        (GITHUB | {"audience": ""}, "empty"),
    ],
)
def test_a_mistake_is_told(entry: object, told: str) -> None:
    """Each mistake is one problem that says where it is and what."""
    found = problems(entry)
    assert len(found) == 1
    assert told in found[0]
    assert "service.yaml" in found[0]


def test_all_mistakes_are_told_at_once() -> None:
    """Mistakes in several providers, and between them, are told in one answer."""
    found = problems(OIDC | {"issuer": "x", "flows": ["y"]}, AD | {"url": "z"}, GITHUB, GITHUB)
    assert len(found) == 5


@pytest.mark.parametrize("value", [None, {}, [], "x", 7])
def test_no_list_is_a_mistake(value: Any) -> None:
    """Providers that are no list, or an empty one, are refused: nobody could sign in."""
    with pytest.raises(StandardsError):
        providers.read(value, "service.yaml")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
SETTINGS = sorted({*OIDC, *AD, *GITHUB, *LINKED, "flows", "scopes", "ca", "starttls", "base", "most_groups"})


@given(st.sampled_from([OIDC, AD, GITHUB]), st.dictionaries(st.sampled_from(SETTINGS), JSON, max_size=4))
def test_anything_is_read_or_refused(good: dict[str, Any], changed: dict[str, Any]) -> None:
    """Whatever the YAML holds, it is read or refused with problems."""
    try:
        found = providers.read([good | changed], "service.yaml")
    except StandardsError as err:
        assert err.problems  # noqa: PT017  # the other outcome is tested below
        return
    assert len(found) == 1
