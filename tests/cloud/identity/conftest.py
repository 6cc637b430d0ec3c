"""The real servers: an OIDC provider, OpenLDAP, a Samba AD domain controller; one of each for the run."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from teamconfig.identity import discovery
from teamconfig.identity.keys import IssuerKeys
from teamconfig.identity.ldapdirectory import LdapDirectory
from teamconfig.identity.oidc import OidcVerifier
from teamconfig.identity.signedtoken import SignedTokens
from testservers import oidc, samba, slapd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from teamconfig.identity.discovery import Discovery


@pytest.fixture(scope="session")
def shared_provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[oidc.OidcProvider]:
    """Give the run's OIDC provider."""
    with oidc.start(tmp_path_factory.mktemp("oidc")) as running:
        yield running


@pytest.fixture
def provider(shared_provider: oidc.OidcProvider) -> Iterator[oidc.OidcProvider]:
    """Give the OIDC provider, mended after the test."""
    yield shared_provider
    shared_provider.mend()


@pytest.fixture
def found(provider: oidc.OidcProvider) -> Discovery:
    """Give what the provider says of itself."""
    return discovery.discover(provider.issuer)


@pytest.fixture
def verifier(provider: oidc.OidcProvider) -> OidcVerifier:
    """Give a verifier that has no keys yet."""
    return OidcVerifier(SignedTokens(IssuerKeys(provider.issuer), oidc.CLIENT))


@pytest.fixture(scope="session")
def openldap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[slapd.Slapd]:
    """Give the run's OpenLDAP server."""
    with slapd.start(tmp_path_factory.mktemp("slapd")) as running:
        yield running


@pytest.fixture(scope="session")
def people(openldap: slapd.Slapd) -> Iterator[LdapDirectory]:
    """Give the directory of the OpenLDAP server."""
    directory = LdapDirectory("people", openldap.settings())
    yield directory
    directory.close()


@pytest.fixture(scope="session")
def domain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[samba.Domain]:
    """Give the run's Active Directory; where it cannot run, every test of it fails and says why."""
    with samba.start(tmp_path_factory.mktemp("samba")) as running:
        yield running


@pytest.fixture(scope="session")
def active(domain: samba.Domain) -> Iterator[LdapDirectory]:
    """Give the directory of the domain."""
    directory = LdapDirectory("ad", domain.settings())
    yield directory
    directory.close()


@pytest.fixture
def made() -> Iterator[Callable[..., LdapDirectory]]:
    """Give a maker of directories that are closed after the test."""
    all_made: list[LdapDirectory] = []

    def make(settings: dict[str, object]) -> LdapDirectory:
        all_made.append(LdapDirectory("made", settings))
        return all_made[-1]

    yield make
    for directory in all_made:
        directory.close()


@pytest.fixture
def heartbeat() -> Callable[[], object]:
    """Give a context in which a thread ticks, and that fails if it ever stood still."""

    @contextmanager
    def beating() -> Iterator[None]:
        gaps: list[float] = []
        stopped = threading.Event()

        def tick() -> None:
            last, more = time.monotonic(), True
            while more:
                more = not stopped.wait(0.02)
                now = time.monotonic()
                gaps.append(now - last)
                last = now

        thread = threading.Thread(target=tick)
        thread.start()
        try:
            yield
        finally:
            stopped.set()
            thread.join()
        assert max(gaps) < 1.0, "the process stood still"

    return beating
