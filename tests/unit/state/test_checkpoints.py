"""The file of checkpoints: what is added stays, and whoever touches it is found."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from teamconfig.state.chain import Checkpoint
from teamconfig.state.checkpoints import NAME, Checkpointer, CheckpointError, Sink
from teamconfig.state.signers import Ed25519Signer, HmacSigner

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from teamconfig.state.signers import Signer

PAIR = Ed25519PrivateKey.from_private_bytes(b"p" * 32)
SIGNERS = [HmacSigner(b"s" * 32), Ed25519Signer(PAIR, PAIR.public_key())]


def point(sequence: int) -> Checkpoint:
    """Make a checkpoint."""
    return Checkpoint(sequence, f"{sequence:064x}", 1000 * sequence, 1)


def until(condition: Callable[[], bool]) -> None:
    """Wait until something holds."""
    ends = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.01)


@pytest.mark.parametrize("signer", SIGNERS)
def test_what_is_added_is_read(tmp_path: Path, signer: Signer) -> None:
    """Checkpoints come back in order, from a file that others cannot read."""
    sink = Sink(str(tmp_path), signer)
    assert sink.read() == []
    assert sink.newest() is None
    for number in (1, 2, 3):
        sink.append(point(number))
    assert Sink(str(tmp_path), signer).read() == [point(1), point(2), point(3)]
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600


def test_the_public_key_is_enough_to_read(tmp_path: Path) -> None:
    """Who has only the public key can read checkpoints and cannot add one."""
    Sink(str(tmp_path), SIGNERS[1]).append(point(1))
    reader = Sink(str(tmp_path), Ed25519Signer(None, PAIR.public_key()))
    assert reader.read() == [point(1)]
    with pytest.raises(ValueError, match="no private key"):
        reader.append(point(2))


@pytest.mark.parametrize("signer", SIGNERS)
@pytest.mark.parametrize(
    "edit", [(b'"sequence":2', b'"sequence":9'), (b'{"epoch"', b'["epoch"'), (b'"signature":"', b'"signature":"A')]
)
def test_an_edited_line_is_found(tmp_path: Path, signer: Signer, edit: tuple[bytes, bytes]) -> None:
    """A line that was edited is named, and nothing is read as if all were well."""
    sink = Sink(str(tmp_path), signer)
    for number in (1, 2, 3):
        sink.append(point(number))
    lines = (tmp_path / NAME).read_bytes().split(b"\n")
    lines[1] = lines[1].replace(*edit)
    (tmp_path / NAME).write_bytes(b"\n".join(lines))
    with pytest.raises(CheckpointError, match="cannot be used") as caught:
        sink.read()
    assert "line 2" in str(caught.value)


def test_another_signer_is_found(tmp_path: Path) -> None:
    """A checkpoint that somebody else signed is not taken."""
    Sink(str(tmp_path), HmacSigner(b"x" * 32)).append(point(1))
    with pytest.raises(CheckpointError, match="cannot be used"):
        Sink(str(tmp_path), SIGNERS[0]).read()


def test_a_torn_last_line_is_no_damage(tmp_path: Path) -> None:
    """A line that a crash left half is passed over, and the next one goes in its place."""
    sink = Sink(str(tmp_path), SIGNERS[0])
    sink.append(point(1))
    with (tmp_path / NAME).open("ab") as file:
        file.write(b'{"epoch":1,"ma')
    assert sink.read() == [point(1)]
    sink.append(point(2))
    assert sink.read() == [point(1), point(2)]


def test_one_is_written_at_once_then_by_rows_then_at_the_end(tmp_path: Path) -> None:
    """The first row gets a checkpoint at once, then every so many rows, and the last row when the service stops."""
    sink = Sink(str(tmp_path), SIGNERS[0])
    checkpointer = Checkpointer(sink, rows=10)
    for head, written in ((1, [1]), (10, [1]), (11, [1, 11]), (12, [1, 11])):
        checkpointer.note(point(head))
        until(lambda written=written: [found.sequence for found in sink.read()] == written)
    checkpointer.close()
    assert [found.sequence for found in sink.read()] == [1, 11, 12]
    assert checkpointer.problem == ""


def test_one_is_written_after_so_many_seconds(tmp_path: Path) -> None:
    """Few rows get a checkpoint too, once they have waited."""
    sink = Sink(str(tmp_path), SIGNERS[0])
    checkpointer = Checkpointer(sink, seconds=0.3)
    checkpointer.note(point(1))
    until(lambda: len(sink.read()) == 1)
    checkpointer.note(point(2))
    until(lambda: len(sink.read()) == 2)
    checkpointer.close()


@pytest.mark.parametrize("harm", ["removed", "replaced", "cut"])
def test_a_vanished_file_is_told_until_the_service_starts_anew(tmp_path: Path, harm: str) -> None:
    """Who removes, replaces or cuts the file is told of, though new checkpoints are added."""
    sink = Sink(str(tmp_path), SIGNERS[0])
    checkpointer = Checkpointer(sink, rows=1, seconds=0.1)
    checkpointer.note(point(1))
    until(lambda: len(sink.read()) == 1)
    path = tmp_path / NAME
    if harm == "cut":
        path.write_bytes(b"")
    else:
        path.rename(tmp_path / "taken")
        if harm == "replaced":
            path.write_bytes((tmp_path / "taken").read_bytes())
    until(lambda: "checkpoints" in checkpointer.problem)
    assert ("cut off" if harm == "cut" else "vanished") in checkpointer.problem
    checkpointer.note(point(2))
    until(lambda: any(found.sequence == 2 for found in sink.read()))
    assert checkpointer.problem != ""
    checkpointer.close()


def test_a_place_that_takes_no_file_is_told_and_tried_again(tmp_path: Path) -> None:
    """A directory that is not there is told of, and once it is there the checkpoint is written."""
    place = tmp_path / "later"
    sink = Sink(str(place), SIGNERS[0])
    checkpointer = Checkpointer(sink, seconds=0.1)
    checkpointer.note(point(1))
    until(lambda: "no checkpoint can be added" in checkpointer.problem)
    place.mkdir()
    until(lambda: checkpointer.problem == "")
    assert sink.read() == [point(1)]
    checkpointer.close()
