"""People of a real OpenLDAP server: passwords, nested groups with a cycle, hostile names, bad accounts."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from teamconfig.identity.errors import IdentityError, RefusedError, UnavailableError
from teamconfig.identity.principal import Principal
from testservers import slapd

if TYPE_CHECKING:
    from collections.abc import Callable

    from teamconfig.identity.ldapdirectory import LdapDirectory

HOSTILE = (
    "*", "a*", "*)(uid=*", "alice)(|(uid=*)", "alice)(userPassword=*", "(", ")", "\\", "\\2a", "alice\\00",
    "(uid=alice)",
    "alice,ou=people,dc=corp,dc=example", "cn=admin,dc=corp,dc=example", "#61", "+", ";", "<>", '"', "=", "&", "|", "!",
)  # fmt: skip


def refusal(call: Callable[[], object]) -> RefusedError:
    """Give the refusal that a call ends in."""
    with pytest.raises(RefusedError) as caught:
        call()
    return caught.value


def ids(openldap: slapd.Slapd, *names: str) -> set[str]:
    """Give the ids of groups."""
    return {openldap.entry_id(slapd.group(name)) for name in names}


@pytest.mark.parametrize("tls", ["ldaps", "starttls", "none"])
def test_a_password_proves_who_it_is(openldap: slapd.Slapd, made: Callable[..., LdapDirectory], tls: str) -> None:
    """Over LDAPS, StartTLS, and plainly on this machine, a password gives the entry's own id and all nested groups."""
    directory = made(openldap.settings(tls))
    principal, membership = directory.sign_in("alice", slapd.PASSWORD)
    assert principal.issuer == f"ldap:{slapd.BASE}"
    assert principal.subject == openldap.entry_id(f"cn=alice,ou=people,{slapd.BASE}")
    assert membership.groups == ids(openldap, "api", "backend", "payments", "unix")
    assert not membership.disabled
    assert abs(membership.read_at - time.time()) < 60


def test_what_is_typed_is_no_identity(people: LdapDirectory) -> None:
    """However a name is typed, in capitals, full width or composed otherwise, it is the same person."""
    keys = {people.sign_in(typed, slapd.PASSWORD)[0].key for typed in ("alice", "ALICE", " Alice ", "\uff41lice")}
    assert len(keys) == 1
    composed, decomposed = (people.sign_in(typed, slapd.PASSWORD)[0] for typed in ("\u00e5sa", "A\u030aSA"))
    assert composed.key == decomposed.key
    assert composed.name == decomposed.name


def test_a_wrong_password_and_a_wrong_name_read_the_same(people: LdapDirectory) -> None:
    """Whether the name or the password is wrong is not told, nor is either of them shown."""
    wrong = refusal(lambda: people.sign_in("alice", "not-the-password"))
    nobody = refusal(lambda: people.sign_in("nobody-here", slapd.PASSWORD))
    assert str(wrong) == str(nobody)
    assert wrong.reason == nobody.reason == "wrong_password"
    assert "not-the-password" not in str(wrong)


@pytest.mark.parametrize("password", ["", "\0", "a\0b", "x" * 1025])
def test_an_empty_password_is_never_tried(people: LdapDirectory, password: str) -> None:
    """An empty password, which many servers take from anybody, is refused before any bind."""
    assert refusal(lambda: people.sign_in("alice", password)).reason == "wrong_password"


@pytest.mark.parametrize("typed", HOSTILE)
def test_hostile_names_find_nobody(people: LdapDirectory, typed: str) -> None:
    """A name made of a filter's or a DN's own signs is a name like any other: it finds nobody."""
    assert refusal(lambda: people.sign_in(typed, slapd.PASSWORD)).reason == "wrong_password"


@pytest.mark.parametrize("typed", ["", " ", "al\x00ice", "alice\n", "\u202ealice", "x" * 257, "alice\x1b[2J"])
def test_names_that_are_none_are_not_looked_up(people: LdapDirectory, typed: str) -> None:
    """An empty name, a very long one, and one with control or invisible characters is not looked up."""
    assert refusal(lambda: people.sign_in(typed, slapd.PASSWORD)).reason == "bad_name"


@given(st.text(min_size=1, max_size=40))
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_name_finds_nobody_or_is_refused(people: LdapDirectory, typed: str) -> None:
    """Whatever is typed, it ends in our own refusal, never in somebody else's account."""
    reason = refusal(lambda: people.sign_in(typed, slapd.PASSWORD + "x")).reason
    assert reason in {"wrong_password", "bad_name", "ambiguous"}


def test_a_name_full_of_signs_has_its_groups(people: LdapDirectory, openldap: slapd.Slapd) -> None:
    """Somebody whose entry's name is full of LDAP's own signs signs in and has their groups."""
    _, membership = people.sign_in("pat", slapd.PASSWORD)
    assert membership.groups == ids(openldap, "api", "backend", "payments")


@pytest.mark.parametrize(
    ("user", "reason"),
    [("bob", "account_locked"), ("carol", "account_expired"), ("twin", "ambiguous"), ("deep", "too_deep")],
)
def test_accounts_that_are_not_good(people: LdapDirectory, user: str, reason: str) -> None:
    """The right password is no use where an account is locked or expired, a name is two people's, groups too deep."""
    assert refusal(lambda: people.sign_in(user, slapd.PASSWORD)).reason == reason


def test_ten_levels_are_read(people: LdapDirectory) -> None:
    """Groups nested ten levels deep are all read."""
    assert len(people.sign_in("edge", slapd.PASSWORD)[1].groups) == slapd.LONGEST_CHAIN


def test_too_many_groups_are_refused(openldap: slapd.Slapd, made: Callable[..., LdapDirectory]) -> None:
    """Who is in more groups than can be taken is refused: part of them is never taken for all of them."""
    assert len(made(openldap.settings(most_groups=4)).sign_in("alice", slapd.PASSWORD)[1].groups) == 4
    directory = made(openldap.settings(most_groups=3))
    assert refusal(lambda: directory.sign_in("alice", slapd.PASSWORD)).reason == "too_many"


def test_referrals_are_not_followed(people: LdapDirectory, openldap: slapd.Slapd) -> None:
    """A referral in the searched tree is ignored: nobody connects to where it points."""
    people.sign_in("alice", slapd.PASSWORD)
    assert not openldap.was_followed()


def test_a_locked_account_is_seen_at_the_next_reading(openldap: slapd.Slapd, people: LdapDirectory) -> None:
    """Somebody whose account is locked after signing in is disabled, without groups, when they are read again."""
    erin = f"cn=erin,ou=people,{slapd.BASE}"
    principal, membership = people.sign_in("erin", slapd.PASSWORD)
    assert membership.groups
    openldap.modify(erin, "replace: pwdAccountLockedTime\npwdAccountLockedTime: 000001010000Z")
    try:
        again = people.membership(principal)
    finally:
        openldap.modify(erin, "delete: pwdAccountLockedTime")
    assert (again.disabled, again.groups) == (True, frozenset())
    assert people.membership(principal).groups == membership.groups


def test_groups_are_read_again(openldap: slapd.Slapd, people: LdapDirectory) -> None:
    """Who leaves a group has left it at the next reading, and who is renamed stays the same."""
    erin, other = f"cn=erin,ou=people,{slapd.BASE}", slapd.group("other")
    principal, before = people.sign_in("erin", slapd.PASSWORD)
    openldap.modify(other, f"replace: member\nmember: {slapd.READER}")
    openldap.modify(erin, "replace: uid\nuid: erin2")
    try:
        assert people.membership(principal).groups == before.groups - ids(openldap, "other")
        assert people.sign_in("erin2", slapd.PASSWORD)[0].key == principal.key
    finally:
        openldap.modify(other, f"replace: member\nmember: {erin}")
        openldap.modify(erin, "replace: uid\nuid: erin")


def test_who_is_gone_is_disabled(people: LdapDirectory, openldap: slapd.Slapd) -> None:
    """Somebody whose entry is gone is disabled; what is no id of the directory's is refused."""
    issuer = people.probe().issuer
    gone = people.membership(Principal(issuer, "00000000-0000-0000-0000-000000000000"))
    assert (gone.disabled, gone.groups) == (True, frozenset())
    assert refusal(lambda: people.membership(Principal(issuer, "*"))).reason == "bad_subject"
    alice = openldap.entry_id(f"cn=alice,ou=people,{slapd.BASE}")
    assert refusal(lambda: people.membership(Principal("ldap:dc=elsewhere", alice))).reason == "other_domain"


def test_a_link_finds_the_same_person(people: LdapDirectory) -> None:
    """The entry's id, vouched for by another issuer, finds the person with their groups; another finds nobody."""
    principal, membership = people.sign_in("alice", slapd.PASSWORD)
    assert people.linked(principal.subject)[0].key == principal.key
    assert people.linked(principal.subject)[1].groups == membership.groups
    assert refusal(lambda: people.linked("00000000-0000-0000-0000-000000000000")).reason == "not_linked"
    assert refusal(lambda: people.linked("*")).reason == "bad_subject"


def test_the_dialect_is_asked(people: LdapDirectory) -> None:
    """A server that does not say it is Active Directory is read by the generic rules, from its own naming context."""
    probed = people.probe()
    assert (probed.dialect, probed.issuer, probed.base) == ("generic", f"ldap:{slapd.BASE}", slapd.BASE)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"ca": "/etc/ssl/certs/ca-certificates.crt"}, "directory_certificate"),
        ({"ca": "/nowhere.pem"}, "directory_ca"),
        ({"bind_password_file": "/nowhere"}, "directory_password_file"),
        ({"bind_password_file": "/dev/null"}, "directory_password_file"),
        ({"bind_dn": "cn=nobody,dc=corp,dc=example"}, "directory_service_account"),
        ({"port": 1}, "directory_unreachable"),
    ],
)
def test_wrong_settings_are_told(
    openldap: slapd.Slapd, made: Callable[..., LdapDirectory], changed: dict[str, object], reason: str
) -> None:
    """A wrong CA, account, password file or port is told by name, as something that the operator has to mend."""
    with pytest.raises(UnavailableError) as caught:
        made(openldap.settings(**changed)).probe()
    assert caught.value.reason == reason
    assert slapd.PASSWORD not in str(caught.value)


def test_another_name_in_the_certificate_is_refused(openldap: slapd.Slapd, made: Callable[..., LdapDirectory]) -> None:
    """A server whose certificate is good for another name is not believed, over LDAPS and StartTLS alike."""
    for tls in ("ldaps", "starttls"):
        with pytest.raises(UnavailableError) as caught:
            made(openldap.settings(tls, host="127.0.0.2")).probe()
        assert caught.value.reason in {"directory_certificate", "directory_starttls", "directory_unreachable"}


def test_the_password_is_nowhere_to_be_seen(people: LdapDirectory) -> None:
    """No password stands in the arguments or the environment of the worker processes."""
    people.sign_in("alice", slapd.PASSWORD)
    for pid in people.processes.pids():
        for name in ("cmdline", "environ"):
            assert slapd.PASSWORD.encode() not in Path(f"/proc/{pid}/{name}").read_bytes()


def test_a_wrong_service_password_does_not_lock_the_account(
    openldap: slapd.Slapd, made: Callable[..., LdapDirectory], tmp_path: Path
) -> None:
    """A directory that refuses the service's own account is left alone after three attempts."""
    (tmp_path / "wrong").write_text("wrong")
    directory = made(openldap.settings(bind_password_file=str(tmp_path / "wrong")))
    reasons = []
    for _ in range(5):
        with pytest.raises(IdentityError) as caught:
            directory.sign_in("alice", slapd.PASSWORD)
        reasons.append(caught.value.reason)
    assert reasons == ["directory_service_account"] * 3 + ["resting"] * 2
