"""What compiled files are linked with: Mach-O is read by itself, and nothing from elsewhere is taken for a part."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

sys.path.insert(0, str(Path(__file__).resolve().parent))

import machofiles

from teamconfig import StandardsError
from wps.pluginset import linking, machofile, relocatable
from wps.pluginset.interpreter import Interpreter

SYSTEM = "/usr/lib/libSystem.B.dylib"
OWN = "@executable_path/../lib/libpython3.11.dylib"


@pytest.fixture
def used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Interpreter:
    """Give an interpreter for macOS with a library of its own, and let this machine be an arm64."""
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    prefix = tmp_path / "python"
    (prefix / "lib").mkdir(parents=True)
    (prefix / "lib/libpython3.11.dylib").write_bytes(machofiles.thin("arm64", SYSTEM, signed=True))
    return Interpreter(prefix / "bin/python3.11", prefix, prefix / "lib/python3.11", "3.11.7")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give the folder of a binary, with the interpreter's program."""
    path = tmp_path / "folder"
    (path / "bin").mkdir(parents=True)
    (path / "bin/python").write_bytes(machofiles.thin("arm64", OWN, SYSTEM, signed=True))
    return path


def test_a_file_says_what_it_is_linked_with() -> None:
    """Names, places and the end of the signature are read; the name that a library gives itself is none of them."""
    data = machofiles.thin("arm64", SYSTEM, "@rpath/libx.dylib", paths=("@loader_path/../lib",), signed=True)
    image = machofile.read(data, "arm64")
    assert (image.linked, image.paths) == ((SYSTEM, "@rpath/libx.dylib"), ("@loader_path/../lib",))
    assert image.signature_end == image.size == len(data)
    assert machofile.read(data + b"appended", "arm64").signature_end == len(data)
    assert machofile.read(machofiles.thin("arm64"), "arm64").signature_end == 0


def test_a_file_for_several_processors() -> None:
    """Of a file for several processors, what is for this one is read; where there is nothing, that is told."""
    both = machofiles.fat(amd64=machofiles.thin("amd64", "/a"), arm64=machofiles.thin("arm64", "/b"))
    assert machofile.is_one(both)
    assert (machofile.read(both, "amd64").linked, machofile.read(both, "arm64").linked) == (("/a",), ("/b",))
    with pytest.raises(ValueError, match="for another processor"):
        machofile.read(machofiles.thin("amd64"), "arm64")


def test_what_is_no_such_file() -> None:
    """Texts, short files, Linux's programs and Java's classes are not taken for files of macOS."""
    assert [
        machofile.is_one(data) for data in (b"", b"#!/bin/sh", b"\x7fELF\2\1\1\0", b"\xca\xfe\xba\xbe\0\0\0\x34")
    ] == [False] * 4


@given(data=some.binary(max_size=200), cut=some.integers(0, 400), number=some.integers(0, 2**32 - 1))
def test_damaged_files_are_told(data: bytes, cut: int, number: int) -> None:
    """Whatever bytes there are, they are read or refused with the one error, and soon."""
    whole = machofiles.thin("arm64", SYSTEM, OWN, paths=("@loader_path",))
    for damaged in (data, whole[:32] + data, whole[:cut], whole[:16] + number.to_bytes(4, "little") + whole[20:]):
        try:
            machofile.read(damaged, "arm64")
        except ValueError:
            continue


def test_the_interpreters_own_libraries_come_along(folder: Path, used: Interpreter) -> None:
    """A library that the program is linked with is copied from the interpreter, byte by byte, and told; no other."""
    (used.prefix / "lib/libother.dylib").write_bytes(machofiles.thin("arm64"))
    found = relocatable.complete(folder, used)
    own = used.prefix / "lib/libpython3.11.dylib"
    assert found == {"libpython3.11.dylib": own}
    assert (folder / "lib/libpython3.11.dylib").read_bytes() == own.read_bytes()
    assert [path.name for path in (folder / "lib").iterdir()] == ["libpython3.11.dylib"]


@pytest.mark.parametrize("name", ["@loader_path/.dylibs/libx.dylib", "@rpath/libx.dylib"])
def test_what_packages_bring_is_found(folder: Path, used: Interpreter, name: str) -> None:
    """What a package has beside its module, by its own path or by what the module calls one, is there."""
    (folder / "site/one/.dylibs").mkdir(parents=True)
    module = machofiles.thin("arm64", name, paths=("/opt/build/lib", "@loader_path/.dylibs"))
    (folder / "site/one/module.so").write_bytes(module)
    (folder / "site/one/.dylibs/libx.dylib").write_bytes(machofiles.thin("arm64"))
    assert set(relocatable.complete(folder, used)) == {"libpython3.11.dylib"}


@pytest.mark.parametrize("name", ["/opt/homebrew/lib/libssl.3.dylib", "@rpath/libx.dylib", "@loader_path/libx.dylib"])
def test_what_would_not_be_there_is_refused(folder: Path, used: Interpreter, name: str) -> None:
    """A module that is linked with what only this machine has, or nothing has, ends the build with both names."""
    (folder / "site").mkdir()
    (folder / "site/module.so").write_bytes(machofiles.thin("arm64", name, paths=("/opt/homebrew/lib",)))
    with pytest.raises(StandardsError) as caught:
        relocatable.complete(folder, used)
    (problem,) = caught.value.problems
    assert (problem.what, name in problem.why) == ("module.so cannot be packed", True)


def test_a_module_for_another_processor_is_refused(folder: Path, used: Interpreter) -> None:
    """A module that this processor cannot run ends the build."""
    (folder / "site").mkdir()
    (folder / "site/module.so").write_bytes(machofiles.thin("amd64"))
    with pytest.raises(StandardsError) as caught:
        relocatable.complete(folder, used)
    assert "for another processor" in caught.value.problems[0].why


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("libx.so.1", ["/f/site/libs/libx.so.1", "/f/lib/libx.so.1"]),
        ("@rpath/libx.dylib", ["/f/site/libs/libx.dylib", "/f/lib/libx.dylib"]),
        ("@executable_path/../lib/libx.dylib", ["/f/lib/libx.dylib"]),
        ("/opt/lib/libx.dylib", []),
    ],
)
def test_where_a_loader_looks(name: str, found: list[str]) -> None:
    """Names are looked for beside the file and beside the interpreter, never in a place outside of the binary."""
    paths = ("/opt/lib", "$ORIGIN/libs")
    places = linking.places(name, Path("/f/site/module.so"), Path("/f/bin/python"), paths)
    assert [str(place) for place in places] == found
