"""What a directory tells: builder and port."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wps import detecting

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("dockerfile", "port"),
    [
        ("", None),
        ("FROM scratch\n", None),
        ("FROM scratch\nEXPOSE 8080\n", 8080),
        ("from scratch\nexpose 8080/tcp 9090\n", 8080),
        ("FROM scratch\nEXPOSE 53/udp 8080\n", 8080),
        ("FROM scratch\nEXPOSE 8000-8010\n", 8000),
        ("FROM scratch\nEXPOSE 70000\nEXPOSE 80\n", 80),
        ("FROM a AS build\nEXPOSE 1\nFROM scratch\nCOPY --from=build / /\n", None),
        ("FROM a AS build\nEXPOSE 1\nFROM b\nEXPOSE 2\n", 2),
        ("FROM --platform=linux/amd64 a AS Base\nEXPOSE 1\nFROM base AS final\nUSER 1\n", 1),
        ("FROM scratch\n# EXPOSE 1\nEXPOSE \\\n  # a comment\n  2\n", 2),
        ("FROM scratch\nARG PORT=3\nEXPOSE ${PORT}/tcp\n", 3),
        ("FROM scratch\nENV PORT 4\nEXPOSE $PORT\n", 4),
        ('FROM scratch\nENV A=1 PORT="5"\nEXPOSE $PORT\n', 5),
        ("FROM scratch\nEXPOSE ${PORT:-6}\n", 6),
        ("FROM scratch\nARG PORT\nEXPOSE $PORT\n", None),
        ("ARG PORT=7\nFROM scratch\nARG PORT\nEXPOSE $PORT\n", 7),
        ("ARG PORT=7\nFROM scratch\nEXPOSE $PORT\n", None),
        ("FROM scratch\nRUN <<EOF\nEXPOSE 1\nEOF\nEXPOSE 2\n", 2),
        ("# escape=`\nFROM scratch\nEXPOSE `\n 8\n", 8),
    ],
)
def test_the_port_that_the_last_stage_exposes(dockerfile: str, port: int | None) -> None:
    """The first TCP port of the last stage counts, variables filled in as Docker does."""
    assert detecting.exposed(dockerfile) == port


@settings(deadline=None)
@given(
    st.text(max_size=200),
    st.lists(st.sampled_from(["FROM a AS b\n", "ARG ", "ENV ", "EXPOSE ", "$X", "=", "1", "\\\n"])),
)
def test_any_dockerfile_is_read(text: str, pieces: list[str]) -> None:
    """No text crashes, and a port is one."""
    for dockerfile in (text, "".join(pieces), "FROM x\nEXPOSE " + text):
        port = detecting.exposed(dockerfile)
        assert port is None or 0 < port < 65536


@pytest.mark.parametrize(
    ("files", "builder", "because"),
    [
        ((), "", ""),
        (("README.md",), "", ""),
        (("go.mod",), "pack", "go.mod, Go"),
        (("package.json", "Dockerfile"), "docker", "Dockerfile"),
        (("requirements.txt",), "pack", "requirements.txt, Python"),
    ],
)
def test_the_builder(tmp_path: Path, files: tuple[str, ...], builder: str, because: str) -> None:
    """A Dockerfile is built by docker; without one a language's file is for the buildpacks."""
    for name in files:
        (tmp_path / name).write_text("")
    found = detecting.look(tmp_path)
    assert (found.builder, found.because) == (builder, because)
