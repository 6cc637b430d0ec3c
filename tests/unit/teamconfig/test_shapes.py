"""Forms of texts that the API server refuses, though they look right: each found by trying any profile on it."""

from __future__ import annotations

import pytest

from teamconfig.model import shapes


@pytest.mark.parametrize(
    ("shape", "text", "good"),
    [
        (shapes.HOST, "web.example", True),
        (shapes.HOST, "*.web.example", True),
        (shapes.HOST, "7.example", True),
        (shapes.HOST, "", True),
        (shapes.HOST, "0.0.0.0", False),  # noqa: S104  # a text, nothing is bound
        (shapes.HOST, "10.1.2.3", False),
        (shapes.KEY_REFERENCE, "database/url", True),
        (shapes.KEY_REFERENCE, "database/.env", True),
        (shapes.KEY_REFERENCE, "database/.", False),
        (shapes.KEY_REFERENCE, "database/..", False),
        (shapes.KEY_REFERENCE, "database/..data", False),
        (shapes.ENV_NAME, "LOG_LEVEL", True),
        (shapes.ENV_NAME, ".", False),
        (shapes.ENV_NAME, "..a", False),
        (shapes.ROUTE_PATH, "/a%20b/", True),
        (shapes.ROUTE_PATH, "/%", False),
        (shapes.NETWORK, "10.0.0.0/8", True),
        (shapes.NETWORK, "2001:db8::/32", True),
        (shapes.NETWORK, "", False),
        (shapes.NETWORK, "10.0.0.1/8", False),
        (shapes.NETWORK, "::ffff:10.0.0.0/104", False),
        (shapes.PEER, "cidr/::ffff:0:0/128", False),
        (shapes.NETWORK, "10.0.0/8", False),
        (shapes.NETWORK, "010.0.0.0/8", False),
        (shapes.PEER, "cidr/192.0.2.1/32", True),
        (shapes.PEER, "cidr/:/9", False),
    ],
)
def test_forms_are_those_of_the_api_server(shape: shapes.Shape, text: str, good: bool) -> None:  # noqa: FBT001
    """A text passes the form if, and only if, the API server takes it."""
    assert shape.fits(text) is good
