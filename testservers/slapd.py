"""A real OpenLDAP server on loopback, with people and groups that try a reader's patience.

Owns the server's process and what is in it: nested groups with a cycle, a chain
that is too long, twins, names full of LDAP's own characters, a referral.

    with slapd.start(tmp_path) as directory:
        directory.settings("ldaps")
"""

from __future__ import annotations

import re
import select
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from testservers import installing
from testservers.certificates import Authority

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BASE = "dc=corp,dc=example"
ADMIN = f"cn=admin,{BASE}"
READER = f"cn=reader,ou=services,{BASE}"
PASSWORD = "Correct-h0rse-battery"  # noqa: S105  # of a directory that lives as long as the test
START_SECONDS = 20.0
IDLE_SECONDS = 2
"""After which the server closes a connection: clients have to live with that."""

LONGEST_CHAIN, TOO_LONG_CHAIN = 10, 11
CONFIGURATION = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
idletimeout {idle}
pidfile {directory}/slapd.pid
TLSCACertificateFile {ca}
TLSCertificateFile {certificate}
TLSCertificateKeyFile {key}
database mdb
suffix "{base}"
rootdn "{admin}"
rootpw {password}
directory {directory}/data
index objectClass,uid,member,uniqueMember,memberUid,entryUUID eq
overlay ppolicy
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{reader}" read by * none
"""


def people() -> dict[str, dict[str, str]]:
    """Give the people by DN.

    Returns:
        Attributes of each, besides the usual.
    """
    names = {"alice": {}, "bob": {"pwdAccountLockedTime": "000001010000Z"}, "deep": {}, "edge": {}, "erin": {}}
    found = {f"cn={name},ou=people,{BASE}": {"uid": name} | more for name, more in names.items()}
    found[f"cn=carol,ou=people,{BASE}"] = {"uid": "carol", "objectClass": "shadowAccount", "shadowExpire": "1000"}
    found[f"cn=O'Brien\\, (Pat) * \\\\ x,ou=people,{BASE}"] = {"uid": "pat"}
    found[f"cn=åsa,ou=people,{BASE}"] = {"uid": "åsa"}
    found[f"cn=twin,ou=people,{BASE}"] = {"uid": "twin"}
    found[f"cn=twin,ou=services,{BASE}"] = {"uid": "twin"}
    found[READER] = {"uid": "reader"}
    return found


def groups() -> dict[str, tuple[str, list[str]]]:
    """Give the groups: alice is in api, that in backend, that in payments, and that in api again.

    Returns:
        Object class and members by name.
    """
    pat = next(dn for dn in people() if "Brien" in dn)
    alice, erin = f"cn=alice,ou=people,{BASE}", f"cn=erin,ou=people,{BASE}"
    found = {
        "api": ("groupOfNames", [alice, group("payments"), pat]),
        "backend": ("groupOfUniqueNames", [group("api")]),
        "payments": ("groupOfNames", [group("backend")]),
        "unix": ("posixGroup", ["alice"]),
        "other": ("groupOfNames", [erin]),
    }
    for user, length in (("edge", LONGEST_CHAIN), ("deep", TOO_LONG_CHAIN)):
        member = f"cn={user},ou=people,{BASE}"
        for level in range(length):
            found[f"{user}{level}"] = ("groupOfNames", [member])
            member = group(f"{user}{level}")
    return found


def group(name: str) -> str:
    """Give the DN of a group.

    Args:
        name: Its cn.

    Returns:
        Its DN.
    """
    return f"cn={name},ou=groups,{BASE}"


class Slapd:
    """A running server.

    Args:
        directory: Of its files.
        plain: Port without TLS, and for StartTLS.
        tls: Port of LDAPS.
        ca: File of the certificate authority.
        outside: Where the referral points to; nobody may ever connect.
    """

    def __init__(self, directory: Path, plain: int, tls: int, ca: Path, outside: socket.socket) -> None:
        self.directory = directory
        self.plain = plain
        self.tls = tls
        self.ca = ca
        self.outside = outside

    def settings(self, tls: str = "ldaps", **changed: Any) -> dict[str, Any]:
        """Give the settings of a client.

        Args:
            tls: "ldaps", "starttls" or "none".
            changed: Settings by name.

        Returns:
            As the LDAP worker takes them.
        """
        port = self.tls if tls == "ldaps" else self.plain
        secret = self.directory / "reader.password"
        good = {"host": "localhost", "port": port, "tls": tls, "ca": str(self.ca) if tls != "none" else ""}
        return good | {"bind_dn": READER, "bind_password_file": str(secret)} | changed

    def was_followed(self) -> bool:
        """Tell whether somebody followed the referral.

        Returns:
            Whether there was a connection.
        """
        return bool(select.select([self.outside], [], [], 0.2)[0])

    def modify(self, dn: str, change: str) -> None:
        """Change an entry.

        Args:
            dn: Of the entry.
            change: As in LDIF, from "replace:" on.
        """
        command = ["ldapmodify", "-x", "-H", f"ldap://127.0.0.1:{self.plain}", "-D", ADMIN]
        secret = self.directory / "admin.password"
        installing.run([*command, "-y", secret], stdin=f"dn: {dn}\nchangetype: modify\n{change}\n", seconds=20)

    def entry_id(self, dn: str) -> str:
        """Read an entry's entryUUID.

        Args:
            dn: Of the entry.

        Returns:
            The UUID.
        """
        command = ["ldapsearch", "-x", "-LLL", "-H", f"ldap://127.0.0.1:{self.plain}", "-D", ADMIN]
        secret = self.directory / "admin.password"
        told = installing.run([*command, "-y", secret, "-s", "base", "-b", dn, "entryUUID"], seconds=20)
        found = re.search(r"^entryUUID: (\S+)$", told, re.MULTILINE)
        if found is None:
            raise installing.ServerError(f"{dn} has no entryUUID")
        return found[1]


@contextmanager
def start(directory: Path) -> Iterator[Slapd]:
    """Start a server.

    Args:
        directory: For its files.

    Yields:
        The server.

    Raises:
        ServerError: It cannot be installed or started.
    """
    # Without a configuration of its own, the package starts no service.
    preseed = "slapd slapd/no_configuration boolean true\n"
    installing.debian_packages({"slapd": "slapd", "ldapmodify": "ldap-utils"}, preseed)
    (directory / "data").mkdir(parents=True)
    authority = Authority(directory / "certificates")
    certificate, key = authority.issue("slapd")
    (directory / "slapd.conf").write_text(
        CONFIGURATION.format(
            directory=directory, ca=authority.file, certificate=certificate, key=key, base=BASE, admin=ADMIN,
            password=PASSWORD, reader=READER, idle=IDLE_SECONDS,
        )
    )  # fmt: skip
    for name in ("reader", "admin"):
        (directory / f"{name}.password").touch(mode=0o600)
        (directory / f"{name}.password").write_text(PASSWORD)
    plain, tls = installing.free_port(), installing.free_port()
    with socket.create_server(("127.0.0.1", 0)) as outside:
        (directory / "all.ldif").write_text(_ldif(outside.getsockname()[1]))
        installing.run(["/usr/sbin/slapadd", "-f", directory / "slapd.conf", "-l", directory / "all.ldif"], seconds=60)
        addresses = f"ldap://127.0.0.1:{plain} ldaps://127.0.0.1:{tls}"
        command = ["/usr/sbin/slapd", "-d", "0", "-f", directory / "slapd.conf", "-h", addresses]
        with installing.Program("slapd", command, directory / "slapd.log") as program:
            program.wait_until(lambda: installing.listens(plain) and installing.listens(tls), START_SECONDS)
            yield Slapd(directory, plain, tls, authority.file, outside)


def _ldif(outside: int) -> str:
    entries = [_entry(BASE, {"objectClass": ["dcObject", "organization"], "dc": ["corp"], "o": ["Corp"]})]
    entries += [
        _entry(f"ou={unit},{BASE}", {"objectClass": ["organizationalUnit"], "ou": [unit]})
        for unit in ("people", "groups", "services")
    ]
    for dn, more in people().items():
        attributes = {"objectClass": ["inetOrgPerson"], "sn": ["x"], "userPassword": [PASSWORD]}
        for name, value in more.items():
            attributes.setdefault(name, []).append(value)
        entries.append(_entry(dn, attributes))
    for number, (name, (kind, members)) in enumerate(groups().items()):
        member = {"groupOfNames": "member", "groupOfUniqueNames": "uniqueMember", "posixGroup": "memberUid"}[kind]
        unix = {"gidNumber": [str(1000 + number)]} if kind == "posixGroup" else {}
        entries.append(_entry(group(name), {"objectClass": [kind], "cn": [name], member: members} | unix))
    referral = {"objectClass": ["referral", "extensibleObject"], "ou": ["outside"]}
    entries.append(_entry(f"ou=outside,{BASE}", referral | {"ref": [f"ldap://127.0.0.1:{outside}/{BASE}"]}))
    return "\n".join(entries)


def _entry(dn: str, attributes: dict[str, list[str]]) -> str:
    lines = [f"dn: {dn}"] + [f"{name}: {value}" for name, values in attributes.items() for value in values]
    return "\n".join(lines) + "\n"
