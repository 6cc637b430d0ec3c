"""Builds the Samba AD domain controller of `samba`: a Debian tree of its own, with a provisioned domain in it.

Nothing is installed on the machine itself. The tree is kept in the cache; a
start copies the domain, so a run never sees what another one changed.
"""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING

from testservers import installing

if TYPE_CHECKING:
    from pathlib import Path

VERSION = "bookworm-3"
"""Of what this file makes: a change here makes a new tree."""

REALM = "CORP.EXAMPLE"
BASE = "DC=corp,DC=example"
ADMIN_PASSWORD = "Adm1n-of-the-test-domain"  # noqa: S105  # of a domain that lives as long as the test
PASSWORD = "Correct-h0rse-battery"  # noqa: S105  # likewise
PACKAGES = (
    "samba-ad-dc", "samba-ad-provision", "samba", "samba-dsdb-modules", "winbind", "ldb-tools",
    "iproute2", "attr", "acl",
)  # fmt: skip
USERS = ("alice", "bob", "carol", "dave", "erin", "frank", "reader")
"""alice: nested member; bob: disabled; carol: must change the password; dave: expired; erin: in no group."""

GROUPS = {
    "wps-payments": ["wps-backend"],
    "wps-backend": ["wps-api", "alice"],
    "wps-api": ["wps-payments"],  # a cycle
    "wps-other": ["frank"],
}
"""Members by group."""


def problem() -> str:
    """Say why a domain controller cannot run on this machine.

    Returns:
        The reason; empty if it can.
    """
    if os.geteuid() != 0:
        return "a Samba AD domain controller needs root, and this run is not root"
    if shutil.which("unshare") is None or shutil.which("apt-get") is None:
        return "a Samba AD domain controller needs a Debian machine with unshare"
    try:
        installing.run(["unshare", "-n", "-m", "-p", "-f", "--kill-child", "true"], seconds=20)
    except installing.ServerError as err:
        return f"a Samba AD domain controller needs namespaces of its own, and this machine gives none: {err}"
    return ""


def ensure() -> Path:
    """Build the tree unless it is there.

    Returns:
        Its root; the domain is in srv/ad.

    Raises:
        ServerError: It cannot be built.
    """
    root = installing.cache("samba") / VERSION
    with installing.alone("samba"):
        if root.exists():
            return root
        installing.debian_packages({"debootstrap": "debootstrap"})
        partial = root.with_name(f"{VERSION}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        with installing.step("making a Debian tree for the Samba domain controller (once)"):
            installing.run(["debootstrap", "--variant=minbase", "bookworm", partial], seconds=900)
        with installing.step("installing Samba into it (once)"):
            _install(partial)
        with installing.step("provisioning the domain (once)"):
            _provision(partial)
        with installing.step("adding users and groups (once)"):
            _populate(partial)
        partial.rename(root)
    return root


def _install(root: Path) -> None:
    policy = root / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    for name in ("etc/resolv.conf", "etc/hosts"):
        shutil.copy(f"/{name}", root / name)
    installing.run(["chroot", root, "apt-get", "update", "-qq"])
    installing.run(["chroot", root, "apt-get", "install", "-y", "-qq", "--no-install-recommends", *PACKAGES])
    installing.run(["chroot", root, "apt-get", "clean"])


def _provision(root: Path) -> None:
    (root / "etc/samba/smb.conf").unlink(missing_ok=True)
    options = ("interfaces=lo", "bind interfaces only=yes", "vfs objects=dfs_samba4 acl_xattr xattr_tdb")
    command = [
        "samba-tool", "domain", "provision", f"--realm={REALM}", "--domain=CORP", "--server-role=dc",
        "--dns-backend=NONE", "--use-rfc2307", f"--adminpass={ADMIN_PASSWORD}", "--host-name=dc1",
        "--host-ip=127.0.0.1", "--targetdir=/srv/ad", *(f"--option={option}" for option in options),
    ]  # fmt: skip
    inside(root, command)


def _populate(root: Path) -> None:
    for user in USERS:
        _tool(root, "user", "create", user, PASSWORD)
    for group in GROUPS:
        _tool(root, "group", "add", group)
    for group, members in GROUPS.items():
        _tool(root, "group", "addmembers", group, ",".join(members))
    _tool(root, "user", "disable", "bob")
    _modify(root, "carol", "pwdLastSet", "0")
    _modify(root, "dave", "accountExpires", "116444736000000001")
    _tool(root, "domain", "passwordsettings", "set", "--account-lockout-threshold=5")
    (root / "srv/users.json").write_text(json.dumps(USERS))


def _tool(root: Path, *command: str) -> None:
    inside(root, ["samba-tool", *command, "-H", "/srv/ad/private/sam.ldb", "-s", "/srv/ad/etc/smb.conf"])


def _modify(root: Path, user: str, attribute: str, value: str) -> None:
    ldif = f"dn: CN={user},CN=Users,{BASE}\nchangetype: modify\nreplace: {attribute}\n{attribute}: {value}\n"
    inside(root, ["ldbmodify", "-H", "/srv/ad/private/sam.ldb"], stdin=ldif)


def inside(root: Path, command: list[str], stdin: str = "") -> str:
    """Run a command in the tree, in a network of its own.

    Args:
        root: Of the tree.
        command: Program and arguments.
        stdin: Its input.

    Returns:
        Its output.

    Raises:
        ServerError: It failed.
    """
    return installing.run(
        ["unshare", "-n", "-m", "-p", "-f", "--kill-child", "chroot", root, *command], stdin=stdin, seconds=300
    )
