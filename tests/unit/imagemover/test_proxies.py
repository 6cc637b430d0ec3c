"""Which proxy leads where, as Go's tools read the same variables; a proxy's password is never shown."""

from __future__ import annotations

import pytest

from imagemover import proxies
from imagemover.errors import TrustError
from imagemover.proxies import Proxy
from imagemover.urls import parse_url

HTTPS, HTTP = parse_url("https://r.example:5000/v2/"), parse_url("http://r.example/v2/")
BOTH = {"HTTPS_PROXY": "http://secure:1", "HTTP_PROXY": "plain:2"}


def test_scheme_chooses() -> None:
    """Each scheme has its own variable; one without a scheme means http, the port may be left out."""
    assert proxies.choose(HTTPS, BOTH) == Proxy("secure", 1)
    assert proxies.choose(HTTP, BOTH) == Proxy("plain", 2)
    assert proxies.choose(HTTPS, {"https_proxy": "http://secure/"}) == Proxy("secure", 80)
    assert proxies.choose(HTTPS, {"HTTP_PROXY": "plain:2"}) is None
    assert proxies.choose(HTTP, {}) is None


def test_header_of_a_web_request_is_no_proxy() -> None:
    """In a CGI, HTTP_PROXY is what a stranger sent, and is left alone."""
    assert proxies.choose(HTTP, BOTH | {"REQUEST_METHOD": "GET"}) is None


@pytest.mark.parametrize("url", ["http://localhost:5000/", "https://127.0.0.1/", "http://[::1]:80/"])
def test_this_machine_is_reached_directly(url: str) -> None:
    """No proxy leads to this machine itself."""
    assert proxies.choose(parse_url(url), BOTH) is None


@pytest.mark.parametrize(
    ("rules", "direct"),
    [
        ("*", True), ("r.example", True), ("example", True), (".example", True), ("*.example", True),
        ("other, r.example", True), ("R.EXAMPLE", True), ("r.example:5000", True),
        ("", False), ("r.example:5001", False), ("a.r.example", False), (".r.example", False), ("ple", False),
        ("10.0.0.0/8", False), ("nonsense/8", False), ("[::1]", False),
    ],
)  # fmt: skip
def test_names_that_are_reached_directly(rules: str, direct: bool) -> None:  # noqa: FBT001  # pytest gives it
    """NO_PROXY lists names with all that is below them, perhaps with a port."""
    assert (proxies.choose(HTTPS, BOTH | {"NO_PROXY": rules}) is None) is direct


@pytest.mark.parametrize(
    ("rules", "direct"),
    [("10.1.2.3", True), ("10.0.0.0/8", True), ("10.1.2.3:80", True), ("10.1.2", False), ("11.0.0.0/8", False)],
)
def test_addresses_that_are_reached_directly(rules: str, direct: bool) -> None:  # noqa: FBT001  # pytest gives it
    """NO_PROXY lists addresses and networks."""
    url = parse_url("http://10.1.2.3/")
    assert (proxies.choose(url, BOTH | {"no_proxy": rules}) is None) is direct
    six = parse_url("http://[fd00::1]:80/")
    assert proxies.choose(six, BOTH | {"no_proxy": "fd00::/8"}) is None
    assert proxies.choose(six, BOTH | {"no_proxy": "[fd00::1]:80"}) is None


def test_password_is_not_shown() -> None:
    """User and password become a header, percent signs undone, and are in no text of ours."""
    proxy = proxies.choose(HTTPS, {"HTTPS_PROXY": "http://me:p%40ss@secure:1"})
    assert proxy is not None
    assert proxy.headers == {"Proxy-Authorization": "Basic bWU6cEBzcw=="}
    assert "bWU6" not in repr(proxy)


@pytest.mark.parametrize(
    "text", ["https://me:hunter2@secure", "socks5://me:hunter2@x", "http://me:hunter2@x:none", "://"]
)
def test_proxy_that_cannot_be_used(text: str) -> None:
    """A proxy of another kind, or one that cannot be read, is refused without its password in the text."""
    with pytest.raises(TrustError) as caught:
        proxies.choose(HTTPS, {"HTTPS_PROXY": text})
    assert "hunter2" not in str(caught.value)
    assert "HTTPS_PROXY" in str(caught.value)
