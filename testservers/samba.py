"""A real Samba AD domain controller, in namespaces of its own, its LDAPS relayed to loopback.

Owns the processes of one run. The tree that they run in is built by
`sambabuild`, once. Needs root and namespaces: `sambabuild.problem` says why not.

    with samba.start(tmp_path) as domain:
        domain.settings()
"""

from __future__ import annotations

import shutil
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from testservers import installing, sambabuild
from testservers.certificates import Authority

if TYPE_CHECKING:
    from collections.abc import Iterator

START_SECONDS = 60.0
LDAP, LDAPS = 389, 636
READER = f"CN=reader,CN=Users,{sambabuild.BASE}"
SCRIPT = """
set -e
mount --bind "{domain}" "{root}/srv/ad"
mount -t tmpfs tmpfs "{root}/run"
mkdir -p "{root}/run/samba"
mount -t proc proc "{root}/proc"
ip link set lo up
exec chroot "{root}" samba -F --no-process-group --debug-stdout -s /srv/ad/etc/smb.conf \
    --option='tls certfile=/srv/ad/tls.crt' --option='tls keyfile=/srv/ad/tls.key' \
    --option='tls cafile=/srv/ad/ca.crt' --option='server services=rpc, ldap, cldap, kdc'
"""


class Domain:
    """A running domain controller.

    Args:
        root: Of the tree that it runs in.
        pid: Of a process within its namespaces.
        port: Of LDAPS on loopback.
        plain: Of LDAP on loopback.
        directory: Of this run's files.
    """

    def __init__(self, root: Path, pid: int, port: int, plain: int, directory: Path) -> None:
        self.root = root
        self.pid = pid
        self.port = port
        self.plain = plain
        self.directory = directory
        self.ca = directory / "certificates" / "ca.crt"

    def settings(self, **changed: Any) -> dict[str, Any]:
        """Give the settings of a client.

        Args:
            changed: Settings by name.

        Returns:
            As the LDAP worker takes them.
        """
        good = {"host": "localhost", "port": self.port, "tls": "ldaps", "ca": str(self.ca)}
        secret = str(self.directory / "reader.password")
        return good | {"bind_dn": READER, "bind_password_file": secret} | changed

    def tool(self, *command: str) -> str:
        """Run samba-tool on the domain's own files.

        Args:
            command: Its arguments.

        Returns:
            Its output.
        """
        files = ["-H", "/srv/ad/private/sam.ldb", "-s", "/srv/ad/etc/smb.conf"]
        inside = ["nsenter", f"--target={self.pid}", "--mount", "--net", "--", "chroot", self.root]
        return installing.run([*inside, "samba-tool", *command, *files], seconds=60)

    def sid(self, name: str) -> str:
        """Read the SID of a user or group.

        Args:
            name: Its sAMAccountName.

        Returns:
            The SID.
        """
        kind = "user" if name in sambabuild.USERS else "group"
        told = self.tool(kind, "show", name, "--attributes=objectSid")
        return next(line.partition(": ")[2] for line in told.splitlines() if line.startswith("objectSid: "))


@contextmanager
def start(directory: Path) -> Iterator[Domain]:
    """Start a domain controller.

    Args:
        directory: For this run's copy of the domain.

    Yields:
        The domain controller.

    Raises:
        ServerError: It cannot be built or started here.
    """
    problem = sambabuild.problem()
    if problem:
        raise installing.ServerError(problem)
    root = sambabuild.ensure()
    directory.mkdir(parents=True, exist_ok=True)
    domain = directory / "domain"
    installing.run(["cp", "-a", root / "srv/ad", domain])
    certificate, key = Authority(directory / "certificates").issue(
        "dc1", ("localhost", "127.0.0.1", "dc1.corp.example")
    )
    for source, name in ((certificate, "tls.crt"), (key, "tls.key"), (directory / "certificates/ca.crt", "ca.crt")):
        shutil.copy(source, domain / name)
        (domain / name).chmod(0o600)
    (directory / "reader.password").touch(mode=0o600)
    (directory / "reader.password").write_text(sambabuild.PASSWORD)
    script = SCRIPT.format(domain=domain, root=root)
    command = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script]
    with installing.Program("samba", command, directory / "samba.log") as program:
        program.wait_until(lambda: bool(_child(program.process.pid)), START_SECONDS)
        pid = _child(program.process.pid)
        ports = installing.free_port(), installing.free_port()
        relay = [sys.executable, installing.SOURCES / "relay.py", str(pid), f"{ports[0]}={LDAPS}", f"{ports[1]}={LDAP}"]
        with installing.Program("samba's relay", relay, directory / "relay.log") as relaying:
            program.wait_until(lambda: _serves(pid), START_SECONDS)
            relaying.wait_until(lambda: all(installing.listens(port) for port in ports), START_SECONDS)
            yield Domain(root, pid, ports[0], ports[1], directory)


def _child(pid: int) -> int:
    found = Path(f"/proc/{pid}/task/{pid}/children")
    children = found.read_text().split() if found.exists() else []
    return int(children[0]) if children else 0


def _serves(pid: int) -> bool:
    # Of the network that the process is in: state 0A is LISTEN.
    try:
        lines = [line for name in ("tcp", "tcp6") for line in Path(f"/proc/{pid}/net/{name}").read_text().splitlines()]
    except OSError as err:
        raise installing.ServerError("samba ended while it started; its log tells why") from err
    return any(f":{LDAPS:04X} " in line and " 0A " in line for line in lines)
