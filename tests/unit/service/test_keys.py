"""The service's keys: made once, for the service alone, and never replaced in silence."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from teamconfig import StandardsError
from teamconfig.service import keys

if TYPE_CHECKING:
    from pathlib import Path


def test_keys_are_made_once(tmp_path: Path) -> None:
    """The first start makes both keys, 0600; the next one finds the same."""
    state = tmp_path / "state"
    first, chain = keys.public_bytes(keys.signing(state)), keys.audit(state)
    assert keys.public_bytes(keys.signing(state)) == first
    assert keys.audit(state) == chain
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    for name in ("signing.key", "audit.key"):
        assert stat.S_IMODE((state / name).stat().st_mode) == 0o600
    assert sorted(path.name for path in state.iterdir()) == ["audit.key", "signing.key"]


def test_replicas_that_start_together_agree(tmp_path: Path) -> None:
    """Several that start at the same time on one directory have one key."""
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: keys.audit(tmp_path / "state"), range(8)))
    assert len(found) == 1


@pytest.mark.parametrize("name", ["signing.key", "audit.key"])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o622])
def test_a_key_that_others_can_touch_is_refused(tmp_path: Path, name: str, mode: int) -> None:
    """A key that others can read or write is not used, and the text says how to mend it."""
    keys.signing(tmp_path)
    keys.audit(tmp_path)
    (tmp_path / name).chmod(mode)
    with pytest.raises(StandardsError) as caught:
        (keys.signing if name == "signing.key" else keys.audit)(tmp_path)
    assert f"chmod 600 {tmp_path / name}" in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"x", b"x" * 31, b"x" * 33, b"-----BEGIN PRIVATE KEY-----\n"])
def test_a_damaged_key_is_refused_and_stays(tmp_path: Path, content: bytes) -> None:
    """A key that is cut off or no key is told; it is never replaced by a new one, and its bytes are not shown."""
    for name, load in (("signing.key", keys.signing), ("audit.key", keys.audit)):
        path = tmp_path / name
        path.touch(mode=0o600)
        path.write_bytes(content)
        with pytest.raises(StandardsError) as caught:
            load(tmp_path)
        assert "restore it from the backup" in str(caught.value)
        assert path.read_bytes() == content
