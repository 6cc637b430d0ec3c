"""owner: a process has one name, and whether it lives is known on its own machine only."""

from __future__ import annotations

import subprocess
import sys

from teamconfig.releases import owner

NAMED = "from teamconfig.releases import owner; print(owner.current(), flush=True); input()"


def test_a_process_knows_its_name() -> None:
    """The name stays the same, and of this process it is known that it lives."""
    assert owner.current() == owner.current()
    assert not owner.is_gone(owner.current())


def test_a_killed_process_is_gone() -> None:
    """Another process has another name, lives until it is killed, and is then known to be gone, even as a zombie."""
    running = subprocess.Popen([sys.executable, "-c", NAMED], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert running.stdout is not None
        name = running.stdout.readline().strip()
        assert name != owner.current()
        assert not owner.is_gone(name)
        running.kill()
        deadline = 200
        while not owner.is_gone(name) and deadline:
            deadline -= 1
            subprocess.run(["/bin/sleep", "0.05"], check=True)
        assert owner.is_gone(name)
        assert running.returncode is None, "it was not waited for: a zombie counts as gone"
    finally:
        running.kill()
        running.communicate()


def test_of_others_nothing_is_known() -> None:
    """Another machine, another start of this one, or nonsense: nobody may be declared gone."""
    host, boot, pid, start = owner.current().rsplit("/", 3)
    for name in (
        f"other/{boot}/{pid}/0", f"{host}/other/{pid}/0", f"{host}/{boot}/x/{start}", f"{host}/{boot}/-1/{start}", "",
        "a/b",
    ):  # fmt: skip
        assert not owner.is_gone(name)
    assert owner.is_gone(f"{host}/{boot}/{pid}/0"), "the same number, of a process that was started at another time"
