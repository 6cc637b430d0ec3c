"""What is chosen by standards, options and commit: tags, places, environments, images. No registry is asked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagemover import references
from team_ecr import images, origins, places, promoted, standards, tags
from team_ecr.commits import Commit
from teamconfig.model import Registry
from waypaas_sdk.errors import OptionError, StateError
from waypaas_sdk.gen.docker.docker_pb2 import Image

COMMIT = Commit("0123456789abcdef0123456789abcdef01234567")
DIRTY = replace(COMMIT, changes="f" * 64)
DIGEST = "sha256:" + "7" * 64


@dataclass
class Resolved:
    """Standards of an environment, as far as a choice looks at them."""

    registry: Registry


@pytest.mark.parametrize(
    ("tag", "commit", "expected"),
    [
        (None, COMMIT, ("0123456789ab",)),
        (None, DIRTY, ("0123456789ab-dirty-ffffffff",)),
        ("v1", COMMIT, ("v1",)),
        ("v1", None, ("v1",)),
        ("latest", COMMIT, ("0123456789ab", "latest")),
    ],
)
def test_tags_of_a_build(tag: str | None, commit: Commit | None, expected: tuple[str, ...]) -> None:
    """The tag of the standards holds, else the commit's; latest only stands beside that."""
    assert tags.of_build(Registry(tag=tag, immutable=False), commit) == expected


@pytest.mark.parametrize(("tag", "commit"), [(None, None), ("latest", None)])
def test_no_tag_is_known(tag: str | None, commit: Commit | None) -> None:
    """Without a tag and without a commit nothing can be named."""
    with pytest.raises(StateError, match="no tag"):
        tags.of_build(Registry(tag=tag, immutable=False), commit)


@given(found=st.from_regex(r"\A[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\Z"))
def test_what_is_promoted_has_two_tags(found: str) -> None:
    """A promoted image has the tag that it was found by and one that keeps it, and both are tags."""
    first, second = tags.of_promoted(Registry(), found, DIGEST)
    assert second.startswith(tags.RELEASES)
    assert all(0 < len(tag) <= 128 for tag in (first, second))
    assert found in {first, tags.LATEST}


@pytest.mark.parametrize(
    ("environment", "source", "expected"),
    [("dev", "", ""), ("staging", "", "dev"), ("production", "", "staging"), ("production", "dev", "dev")],
)
def test_the_environment_before(environment: str, source: str, expected: str) -> None:
    """An image comes from the environment before, or from the one that the standards name; the first one builds."""
    assert standards.previous_of(environment, source, ("dev", "staging", "production")) == expected


@pytest.mark.parametrize("source", ["production", "nowhere"])
def test_a_source_that_cannot_be(source: str) -> None:
    """An environment is not its own source, nor is one that is not there."""
    with pytest.raises(StateError, match=source):
        standards.previous_of("production", source, ("dev", "production"))


@pytest.mark.parametrize(
    ("standard", "expected"),
    [
        ({"url": "registry.example"}, places.Place("shop/web", "registry.example")),
        ({"url": "https://registry.example:5000"}, places.Place("shop/web", "registry.example:5000", plain_http=False)),
        ({"url": "http://10.0.0.7:5000"}, places.Place("shop/web", "10.0.0.7:5000", plain_http=True)),
        ({"url": "ghcr.example/acme"}, places.Place("acme/shop/web", "ghcr.example")),
        ({"region": "eu-west-1", "account": "111111111111"},
         places.Place("shop/web", region="eu-west-1", account="111111111111")),
        ({}, places.Place("shop/web")),
        ({"repository": "Shop/Web"}, places.Place("shop/web")),
    ],
)  # fmt: skip
def test_places(standard: dict[str, str], expected: places.Place) -> None:
    """A registry is named by host, with a path before the repository, or it is ECR's of account and region."""
    assert places.of(Registry(**{"repository": "shop/web", **standard})) == expected


@pytest.mark.parametrize("repository", ["", "a//b", "ä", "a b", "../x"])
def test_no_repository_has_such_a_name(repository: str) -> None:
    """A name that no repository can have is refused, with what to set."""
    with pytest.raises(OptionError, match="no repository can be named"):
        places.of(Registry(url="registry.example", repository=repository))


def test_replicas() -> None:
    """A replica is a region of the same account, or a host; the place itself is none."""
    standard = Registry(
        region="eu-west-1", repository="a/b", replicas=["us-east-1", "eu-west-1", "mirror.example:5000"]
    )
    place = replace(places.of(standard), account="1" * 12)
    assert places.replicas(standard, place) == [
        places.Place("a/b", region="us-east-1", account="1" * 12),
        places.Place("a/b", "mirror.example:5000"),
    ]


@pytest.mark.parametrize(
    ("image", "tag", "expected"),
    [
        ("host.example/a", "v1", "host.example/a:v1"),
        ("host.example/a", "", "host.example/a"),
        ("host.example/a", DIGEST, f"host.example/a@{DIGEST}"),
        ("host.example/a", f"v1@{DIGEST}", f"host.example/a:v1@{DIGEST}"),
        (f"host.example/a@{DIGEST}", "latest", f"host.example/a@{DIGEST}"),
    ],
)
def test_references(image: str, tag: str, expected: str) -> None:
    """Every form in which builders name images is read as one reference."""
    made = Image(image=image, tag=tag)
    assert images.text(made) == expected
    assert str(images.reference(made)).startswith("host.example/a")


def test_behaviour_04_ours_is_joined_by_others() -> None:
    """The builtin kubernetes, ecs and docker platforms join image and tag with a colon: that names the digest."""
    pushed = images.pushed("host.example:5000/shop/web", "v1", DIGEST, "arm64")
    joined = references.parse(f"{pushed.image}:{pushed.tag}")
    assert (joined.registry, joined.repository) == ("host.example:5000", "shop/web")
    assert (joined.tag, joined.digest, pushed.architecture) == ("v1", DIGEST, "arm64")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("host.example/a:v1", origins.Origin("", "host.example/a:v1")),
        ("docker-daemon:web:latest", origins.Origin("docker-daemon", "web:latest")),
        ("oci-archive:out/web.tar", origins.Origin("oci-archive", "/app/out/web.tar")),
        ("oci:/abs:v1", origins.Origin("oci", "/abs:v1")),
    ],
)
def test_origins_of_texts(text: str, expected: origins.Origin) -> None:
    """An image is named as a reference, or with the word that skopeo has for where it is."""
    assert origins.of_text(text, Path("/app"), "here") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", ("a", "latest")),
        ("h:5000/a", ("h:5000/a", "latest")),
        ("h:5000/a:v1", ("h:5000/a", "v1")),
        (f"h:5000/a@{DIGEST}", ("h:5000/a", DIGEST)),
        (f"h/a:v1@{DIGEST}", ("h/a", f"v1@{DIGEST}")),
    ],
)
def test_split(text: str, expected: tuple[str, str]) -> None:
    """A reference becomes image and tag as Waypoint parts them, and the same again when it is joined."""
    assert origins.split(text) == expected
    assert images.text(Image(image=expected[0], tag=expected[1])).startswith(text)


@pytest.mark.parametrize(
    ("options", "tag", "commit", "expected"),
    [
        (SimpleNamespace(digest=DIGEST), None, COMMIT, promoted.Choice(DIGEST, "by the option digest")),
        (None, "v1", COMMIT, promoted.Choice("v1", "by the tag v1", "v1")),
        (None, None, COMMIT, promoted.Choice("0123456789ab", "by the git commit 0123456789ab", "0123456789ab")),
        (SimpleNamespace(digest=None), "latest", DIRTY,
         promoted.Choice("0123456789ab", "by the git commit 0123456789ab, without the changes that are not committed",
                         "0123456789ab")),
    ],
)  # fmt: skip
def test_which_image(options: Any, tag: str | None, commit: Commit, expected: promoted.Choice) -> None:
    """The digest decides, then the tag, then the commit; which of them it was is said."""
    resolved: Any = Resolved(Registry())
    before: Any = Resolved(Registry(tag=tag))
    assert promoted.choose(options, resolved, before, commit) == expected
