"""What people type, inside LDAP filters: read back by ldap3's own parser, it is one value and nothing else."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ldap3.operation.search import MATCH_EQUAL, parse_filter
from ldap3.protocol.convert import prepare_filter_for_sending
from ldap3.utils.conv import escape_bytes, escape_filter_chars
from ldap3.utils.dn import escape_rdn, parse_dn

from teamconfig.identity.errors import RefusedError
from teamconfig.identity.ldapframes import LdapFailure
from teamconfig.identity.ldapreading import _uuid_of
from teamconfig.identity.names import canonical


def parsed(query: str) -> Any:
    """Give the root of a parsed filter."""
    return parse_filter(query, None, auto_escape=False, auto_encode=True, validator=None, check_names=False).elements[0]


@given(st.text(min_size=1))
def test_a_typed_name_stays_one_value(typed: str) -> None:
    """Whatever is typed and not refused, the filter is one equality with just that value."""
    try:
        name = canonical(typed)
    except RefusedError:
        return
    node = parsed(f"(uid={escape_filter_chars(name)})")
    assert node.tag == MATCH_EQUAL
    assert node.assertion["attr"] == "uid"
    assert prepare_filter_for_sending(node.assertion["value"]) == name.encode()


@given(st.binary(min_size=16, max_size=16))
def test_an_id_stays_its_bytes(data: bytes) -> None:
    """The bytes of a GUID come back as they were."""
    node = parsed(f"(objectGUID={escape_bytes(data)})")
    assert (node.tag, prepare_filter_for_sending(node.assertion["value"])) == (MATCH_EQUAL, data)


@given(st.text(min_size=1, max_size=30).filter(lambda text: text.isprintable() and text == text.strip()))
def test_a_name_in_a_dn_stays_one_part(name: str) -> None:
    """A name escaped by ldap3 is one part of a DN, whatever signs it has."""
    assert len(parse_dn(f"cn={escape_rdn(name)},dc=corp")) == 2


@given(st.text())
def test_a_link_is_a_uuid_or_refused(link: str) -> None:
    """Whatever a claim holds, it is a UUID in plain spelling, or refused."""
    try:
        found = _uuid_of(link)
    except LdapFailure as err:
        assert err.reason == "bad_subject"  # noqa: PT017  # the other outcome is tested below
        return
    assert str(uuid.UUID(found)) == found


@pytest.mark.parametrize("link", ["", "*", "S-1-5-21-1", "AAAA", "0" * 33])
def test_what_is_no_id(link: str) -> None:
    """A wildcard, a SID, or bytes of another length are no UUID."""
    with pytest.raises(LdapFailure):
        _uuid_of(link)
