"""What is locked of one's own is told by `wps whoami` and `wps doctor`, against a real service."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from machines import Machine

    Make = Callable[[str], Machine]


def test_a_lock_of_ones_own_is_told(machine: Make) -> None:
    """Locks of the device, team and project are shown with by whom and why; those of others are not."""
    alice, lena = machine("alice").sign_in("alice", "payments-developers"), machine("lena")
    lena.sign_in("lena", "payments-leads", "acme-security")
    alice.git("git@github.com:acme/shop.git")
    alice.app()
    told = json.loads(alice.wps("whoami", "--json").stdout)
    assert told["locks"] == []
    device = told["device"]
    assert f"this device is {device}" in alice.wps("whoami").stdout
    subjects = [("device", device), ("project", "shop"), ("team", "search"), ("device", "ab" * 32)]
    for kind, subject in subjects:
        done = lena.wps("lock", kind, subject, "--reason", f"lost {kind}", "--for", "1h")
        assert done.returncode == 0, done.stderr
    try:
        found = alice.wps("whoami", "--json")
        assert [(one["kind"], one["subject"]) for one in json.loads(found.stdout)["locks"]] == subjects[:2]
        shown = alice.wps("whoami").stderr
        assert f"device {device} is locked until " in shown
        assert "by lena: lost device" in shown
        assert "search" not in shown
        findings = {one["check"]: one for one in json.loads(alice.wps("doctor", "--json").stdout)}
        assert findings["locks"]["state"] == "fail"
        assert "project shop is locked until " in findings["locks"]["text"]
        assert "ab" * 32 not in findings["locks"]["text"]
    finally:
        for kind, subject in subjects:
            lena.wps("unlock", kind, subject)
    assert {one["check"]: one["state"] for one in json.loads(alice.wps("doctor", "--json").stdout)}["locks"] == "ok"
