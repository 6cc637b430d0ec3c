"""What users write for images, and where each image goes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagemover.errors import ImageError
from wps.images import names, tally
from wps.images.names import Name

HUB = "docker" + ".io"
DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("alpine", Name("registry", f"{HUB}/library/alpine", "latest")),
        ("docker://alpine:3", Name("registry", f"{HUB}/library/alpine", "3")),
        ("x.test:5000/team/web:v1", Name("registry", "x.test:5000/team/web", "v1")),
        (f"x.test/web@{DIGEST}", Name("registry", "x.test/web", "", DIGEST)),
        (f"x.test/web:v1@{DIGEST}", Name("registry", "x.test/web", "v1", DIGEST)),
        ("oci:some/dir", Name("oci", "some/dir")),
        ("oci:some/dir:x.test/web:v1", Name("oci", "some/dir", "x.test/web:v1")),
        (f"oci:dir@{DIGEST}", Name("oci", "dir", "", DIGEST)),
        ("oci-archive:a.tar:v1", Name("oci-archive", "a.tar", "v1")),
        ("docker-archive:/a.tar:team/web:v1", Name("docker-archive", "/a.tar", "team/web:v1")),
        ("docker-daemon:team/web:v1", Name("docker-daemon", "team/web:v1")),
    ],
)
def test_sources(text: str, expected: Name) -> None:
    """Words before the colon are skopeo's; what has none is a registry's reference by Docker's rules."""
    assert names.source(text) == expected


@pytest.mark.parametrize("text", ["", "oci:", "x.test/", "dir:/x", "docker-daemon:", "oci:d@sha256:1", "a b"])
def test_what_is_no_source(text: str) -> None:
    """What is no name is refused with what to do."""
    with pytest.raises(ImageError) as caught:
        names.source(text)
    assert caught.value.fix


@pytest.mark.parametrize(
    ("source", "destination", "tags", "expected"),
    [
        ("x.test/web:v1", "y.test/web", (), "y.test/web:v1"),
        ("x.test/web:v1", "y.test/web:v2", ("v3", "v2"), "y.test/web:v2,v3"),
        ("x.test/web:v1", "y.test/web", ("v3",), "y.test/web:v3"),
        ("x.test/team/web:v1", "y.test/mirror/", (), "y.test/mirror/web:v1"),
        ("x.test/team/web:v1", "y.test:5000/", (), "y.test:5000/web:v1"),
        ("docker-daemon:team/web", "y.test/mirror/", (), "y.test/mirror/web:latest"),
        ("web", "y.test/web", (), "y.test/web:latest"),
        (f"x.test/web@{DIGEST}", "y.test/web", (), "y.test/web, by digest only"),
        ("x.test/web:v1", f"y.test/web@{DIGEST}", (), "y.test/web, by digest only"),
        ("oci:dir:x.test/web:v1", "y.test/web", (), "y.test/web:v1"),
        ("oci:dir", "y.test/web", (), "y.test/web, by digest only"),
        ("x.test/web:v1", "oci:dir", (), "oci:dir:v1"),
        ("x.test/web:v1", "oci-archive:a.tar:v2", (), "oci-archive:a.tar:v2"),
    ],
)
def test_ways(source: str, destination: str, tags: tuple[str, ...], expected: str) -> None:
    """An image gets the tags that are wanted, else its own; a place that ends with / gets its name."""
    (way,) = names.ways(names.source(source), [names.destination(destination)], tags)
    assert str(way) == expected


@pytest.mark.parametrize(
    ("sources", "destination", "tags"),
    [
        (["x.test/a:1", "x.test/b:1"], "y.test/z", ()), (["x.test/a:1", "z.test/a:1"], "y.test/", ()),
        (["x.test/a:1", "x.test/b:1"], "oci:dir", ()), (["x.test/a:1", "x.test/b:2"], "y.test/z", ("v",)),
    ],
)  # fmt: skip
def test_ways_that_meet(sources: list[str], destination: str, tags: tuple[str, ...]) -> None:
    """Two images that would get the same tag are refused; apart they are not."""
    apart = [names.ways(names.source(text), [names.destination(destination)], tags)[0] for text in sources]
    names.check_apart(apart[:1])
    with pytest.raises(ImageError, match="two images would become"):
        names.check_apart(apart)


@given(st.text(max_size=40))
def test_any_text(text: str) -> None:
    """Any text is a name or refused by our own error, and a name that is shown is the same name when it is read."""
    for read in (names.source, names.destination):
        try:
            found = read(text)
        except ImageError:
            continue
        if not found.is_prefix:
            assert read(str(found)) == found


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (1024, "1.0 KiB"), (12_897_485, "12.3 MiB"), (5 << 30, "5.00 GiB")],
)
def test_amounts(count: int, text: str) -> None:
    """Bytes are told in the unit in which they are easy to read."""
    assert tally.amount(count) == text
