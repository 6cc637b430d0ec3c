"""The first environment: another builder does the work."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import grpc
import moverimages
import pytest
import savedtar

from imagemover import archives, copying, layout
from imagemover.jobs import Job, Target
from testservers import dockerengine

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Company


def refusal(company: Company, **options: object) -> tuple[str, str]:
    """Build in dev what is refused; give code and text."""
    with pytest.raises(grpc.RpcError) as caught:
        company.shop.build("default", **options)
    return caught.value.code().name, caught.value.details()


def options(company: Company, **more: str) -> dict[str, str]:
    """Give options of the builder."""
    return {"image": f"{company.builds.host}/{company.path}", **more}


def test_its_error_is_told(company: Company) -> None:
    """What the other builder says reaches the user whole, and nothing is pushed."""
    company.standards(builder_options=options(company, fail="true"))
    code, text = refusal(company)
    assert code == "FAILED_PRECONDITION"
    assert text == 'plugin "testbuilder": the source does not compile\n  line 7 is wrong'
    assert company.dev.tags(company.path) == {}


def test_its_options_are_checked(company: Company) -> None:
    """An option that the other builder does not know is named, with where it stands."""
    company.standards(builder_options=options(company, colour="red"))
    code, text = refusal(company)
    assert code == "INVALID_ARGUMENT"
    assert 'plugin "testbuilder" has no option colour' in text
    assert "standard registry.builder_options.colour" in text


def test_a_builder_that_is_not_there(company: Company) -> None:
    """A builder that is not installed is named, with where it was looked for."""
    company.standards(builder="absent-builder", builder_options={})
    _, text = refusal(company)
    assert "absent-builder" in text


def test_it_cannot_wrap_itself(company: Company) -> None:
    """Standards that name team-ecr as the builder are refused, not followed without end."""
    company.standards(builder="team-ecr", builder_options={})
    code, text = refusal(company)
    assert (code, "plugin team-ecr cannot wrap itself" in text) == ("INVALID_ARGUMENT", True)


def test_none_takes_what_is_there(company: Company) -> None:
    """Builder none takes the image that is named, and pushes it as any other."""
    company.standards(builder="none", builder_options={"image": f"{company.builds.host}/{company.path}:v1"})
    built = company.shop.build("default")
    assert built.digest == company.image.root
    moverimages.assert_complete(company.dev, company.path, company.image, built.image.tag.partition("@")[0])


@pytest.mark.parametrize(("given", "text"), [({}, "takes one option, image"), ({"image": "A B"}, "not an image")])
def test_none_wants_an_image(company: Company, given: dict[str, str], text: str) -> None:
    """Builder none without an image, or with what is none, is refused with the place of the standard."""
    company.standards(builder="none", builder_options=given)
    code, said = refusal(company)
    assert code == "INVALID_ARGUMENT"
    assert text in said
    assert "standard registry.builder_options" in said


def test_an_image_that_it_leaves_in_docker(company: Company, tmp_path: Path) -> None:
    """A builder that leaves its image in Docker, as the builtin docker does, is enough: the image is pushed."""
    savedtar.saved(tmp_path / "saved.tar", "waypoint.local/web:v1")
    company.standards(builder_options={"image": "waypoint.local/web", "location": "docker"})
    with dockerengine.start(tmp_path / "docker.sock") as engine:
        engine.images["waypoint.local/web:v1"] = tmp_path / "saved.tar"
        built = company.shop.build("default", environ={"DOCKER_HOST": engine.address})
    assert company.dev.tags(company.path) == {built.image.tag.partition("@")[0]: built.digest}
    assert built.image.architecture == "amd64"


@pytest.mark.parametrize("word", ["docker-archive", "oci"])
def test_none_takes_files(company: Company, word: str) -> None:
    """Builder none takes an image from a file or a layout beside the app."""
    savedtar.saved(company.shop.app / "saved.tar", "web:v1")
    if word == "oci":
        with archives.open_archive(str(company.shop.app / "saved.tar")) as source:
            target = layout.Layout(str(company.shop.app / "out"), create=True)
            copying.copy([Job(source, "", (Target(target, ("v1",)),))])
    name = {"docker-archive": "docker-archive:saved.tar", "oci": "oci:out:v1"}[word]
    company.standards(builder="none", builder_options={"image": name})
    built = company.shop.build("default")
    assert company.dev.tags(company.path) == {built.image.tag.partition("@")[0]: built.digest}


def test_with_a_registry_stanza_it_does_not_push(company: Company) -> None:
    """Where a registry stanza follows, the builder's image is handed on as it is; the registry pushes it."""
    built = company.shop.build("default", has_registry=True)
    assert built.image.image == f"{company.builds.host}/{company.path}"
    assert company.dev.tags(company.path) == {}
    pushed = company.shop.push("default", built.image)
    assert pushed.digest == company.image.root
    assert pushed.image.architecture == "amd64"


def test_cancelling_ends_the_other_builder(company: Company) -> None:
    """A build that is cancelled ends at once, the other builder with it, and nothing is pushed."""
    company.standards(builder_options=options(company, hang="true"))
    with company.shop.host() as host:
        host.configure("builder", {})
        future = host.begin("builder", "Build", *company.shop.given("default"), HasRegistry=True)
        deadline = time.monotonic() + 20
        while "testbuilder builds" not in host.ui.text and time.monotonic() < deadline:
            time.sleep(0.05)
        begun = time.monotonic()
        future.cancel()
    assert "testbuilder builds" in host.ui.text
    assert time.monotonic() - begun < 10
    assert company.dev.tags(company.path) == {}


def test_behaviour_03_on_a_runner_the_builder_pushes_by_itself(company: Company) -> None:
    """On an on-demand runner the other builder gets access to the environment's registry, without a registry stanza."""
    tag = company.shop.git("rev-parse", "HEAD")[:12]
    moverimages.push(company.dev, company.path, company.image, tag)
    built = company.shop.build("default", rpc="BuildODR")
    assert f"may push to {company.dev.host}/{company.path}:{tag} as  (True)" in built.text
    assert built.image.tag == f"{tag}@{company.image.root}"
