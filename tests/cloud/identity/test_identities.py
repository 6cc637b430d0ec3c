"""All providers of a service together: which proof each takes, and where groups come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from teamconfig.identity import providers
from teamconfig.identity.errors import RefusedError
from teamconfig.identity.identities import Identities
from testservers import oidc, slapd

if TYPE_CHECKING:
    from collections.abc import Iterator

JOB = {
    "aud": "wps-service", "sub": "repo:acme/shop:ref:refs/heads/main", "repository": "acme/shop", "repository_id": "74",
    "ref": "refs/heads/main", "ref_protected": "true", "groups": ["g-payments"],
}  # fmt: skip


@pytest.fixture
def ci(shared_ci: oidc.OidcProvider) -> oidc.OidcProvider:
    """Give an issuer that stands for a CI system's."""
    return shared_ci


@pytest.fixture(scope="module")
def shared_ci(tmp_path_factory: pytest.TempPathFactory) -> Iterator[oidc.OidcProvider]:
    """Give the module's second issuer."""
    with oidc.start(tmp_path_factory.mktemp("ci")) as running:
        yield running


@pytest.fixture
def identities(provider: oidc.OidcProvider, ci: oidc.OidcProvider, openldap: slapd.Slapd) -> Iterator[Identities]:
    """Give a service's providers: people by OIDC with groups from a directory, the directory itself, and CI jobs."""
    settings = openldap.settings()
    entries = [
        {"name": "corp", "kind": "oidc", "issuer": provider.issuer, "client_id": oidc.CLIENT}
        | {"groups_from": "people", "link_claim": "entry"},
        {"name": "people", "kind": "directory", "url": f"ldaps://localhost:{openldap.tls}", "ca": settings["ca"]}
        | {name: settings[name] for name in ("bind_dn", "bind_password_file")},
        {"name": "ci", "kind": "workload", "system": "github", "issuer": ci.issuer, "audience": "wps-service"},
    ]
    made = Identities(providers.read(entries, "service.yaml"))
    yield made
    made.close()


def test_groups_come_from_the_directory(
    identities: Identities, provider: oidc.OidcProvider, openldap: slapd.Slapd
) -> None:
    """A person of the OIDC provider has the directory's groups, found by the claim, and none of the token's own."""
    link = openldap.entry_id(f"cn=alice,ou=people,{slapd.BASE}")
    found = identities.by_token("corp", provider.token(entry=link), nonce="n1")
    assert found.principal.issuer == provider.issuer
    assert openldap.entry_id(slapd.group("payments")) in found.membership.groups
    assert "g-payments" not in found.membership.groups
    again = identities.membership("corp", found.principal, found.link)
    assert again is not None
    assert again.groups == found.membership.groups


def test_a_token_that_was_made_for_another_device(identities: Identities, provider: oidc.OidcProvider) -> None:
    """A token with a nonce is good for the device that asked for it; one of the device flow has none."""
    assert identities.by_token("corp", provider.token(nonce="n1"), nonce="n1").principal.subject == "u-alice"
    assert identities.by_token("corp", provider.token(), nonce="n1").principal.subject == "u-alice"
    for other in ("n2", "", 7):
        with pytest.raises(RefusedError) as caught:
            identities.by_token("corp", provider.token(nonce=other), nonce="n1")
        assert caught.value.reason == "token_nonce"


def test_without_a_link_there_are_no_groups(identities: Identities, provider: oidc.OidcProvider) -> None:
    """A token without the claim that links to the directory gives no groups but a note, and its own do not count."""
    found = identities.by_token("corp", provider.token(), nonce="n1")
    assert found.membership.groups == frozenset()
    assert "claim entry is missing" in found.membership.note


def test_who_is_locked_in_the_directory_is_refused(
    identities: Identities, provider: oidc.OidcProvider, openldap: slapd.Slapd
) -> None:
    """A good token of somebody whose account in the directory is locked, or gone, is no use."""
    for link in (openldap.entry_id(f"cn=bob,ou=people,{slapd.BASE}"), "00000000-0000-0000-0000-000000000000"):
        with pytest.raises(RefusedError) as caught:
            identities.by_token("corp", provider.token(entry=link), nonce="n1")
        assert caught.value.reason == "account_disabled"


def test_a_job_has_claims_and_no_groups(identities: Identities, ci: oidc.OidcProvider) -> None:
    """A CI job is a workload with its repository and ref, whatever groups its token names."""
    found = identities.by_token("ci", ci.token(**JOB), nonce="n1")
    assert found.principal.kind == "workload"
    assert found.principal.name == "acme/shop@refs/heads/main"
    assert found.membership.groups == frozenset()
    assert found.membership.claims["repository"] == "acme/shop"
    assert found.membership.claims["ref_protected"] == "true"
    assert identities.membership("ci", found.principal) is None


@pytest.mark.parametrize("lacking", ["repository", "repository_id", "ref"])
def test_a_job_without_a_repository_is_refused(identities: Identities, ci: oidc.OidcProvider, lacking: str) -> None:
    """A job's token that does not say which repository and ref it is for is refused."""
    with pytest.raises(RefusedError) as caught:
        identities.by_token("ci", ci.token(**JOB | {lacking: None}), nonce="n1")
    assert caught.value.reason == "token_claims"
    assert lacking in str(caught.value)


def test_a_proof_is_for_its_own_provider(
    identities: Identities, provider: oidc.OidcProvider, ci: oidc.OidcProvider
) -> None:
    """A person's token is none of a job's and the other way round, and passwords go to directories only."""
    for name, token, reason in (
        ("ci", provider.token(), "token_issuer"),
        ("corp", ci.token(**JOB), "token_issuer"),
        ("ci", ci.token(), "token_audience"),
        ("people", provider.token(), "no_provider"),
        ("nowhere\x1b", provider.token(), "no_provider"),
    ):
        with pytest.raises(RefusedError) as caught:
            identities.by_token(name, token, nonce="n1")
        assert caught.value.reason == reason
        assert "\x1b" not in str(caught.value)
    with pytest.raises(RefusedError) as caught:
        identities.by_password("corp", "alice", slapd.PASSWORD)
    assert caught.value.reason == "no_provider"
    assert identities.by_password("people", "alice", slapd.PASSWORD).principal.name == "alice"


def test_what_cannot_be_reached_is_told(identities: Identities, provider: oidc.OidcProvider) -> None:
    """The check names the providers that cannot be reached, and no other."""
    provider.fault("/jwks", status=503)
    assert set(identities.check()) == {"corp"}
    assert identities.check() == {}
