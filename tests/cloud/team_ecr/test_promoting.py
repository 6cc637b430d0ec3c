"""Built once in dev, brought to staging: the same bytes, whatever registry they are in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
import moverimages
import pytest

if TYPE_CHECKING:
    from conftest import Company


def refusal(company: Company, workspace: str, **options: object) -> tuple[str, str]:
    """Build what is refused; give code and text."""
    with pytest.raises(grpc.RpcError) as caught:
        company.shop.build(workspace, **options)
    return caught.value.code().name, caught.value.details()


def test_behaviour_24_digest_is_equal_in_both_environments(company: Company) -> None:
    """Build in dev wraps the team's builder and pushes; staging brings the same image into its own registry."""
    tag = company.shop.git("rev-parse", "HEAD")[:12]
    built = company.shop.build("default")
    brought = company.shop.build("staging")

    assert built.image.image == f"{company.dev.host}/{company.path}"
    assert built.image.tag == f"{tag}@{company.image.root}"
    assert built.labels == {"test/builder": "yes"}
    assert "testbuilder builds web of shop (True)" in built.text
    assert brought.image.image == f"{company.staging.host}/{company.path}"
    assert brought.digest == built.digest == company.image.root
    assert f"by the git commit {tag}, in the registry of dev" in brought.text
    moverimages.assert_complete(company.dev, company.path, company.image, tag)
    moverimages.assert_complete(company.staging, company.path, company.image, tag)
    assert company.staging.tags(company.path)[f"release-{tag}"] == company.image.root


def test_behaviour_24_nothing_is_sent_twice(company: Company) -> None:
    """Bringing what is there sends nothing, whatever was built or checked out since."""
    company.shop.build("default")
    company.shop.build("staging")
    before = company.staging.blobs()
    again = company.shop.build("staging")
    assert again.digest == company.image.root
    assert "was there already" in again.text
    assert company.staging.blobs() == before


def test_behaviour_24_an_index_arrives_whole(company: Company) -> None:
    """An image for several platforms is brought as it is, every platform with it, and its signature too."""
    image = moverimages.Image()
    children = [image.add_manifest([moverimages.layer(5, 2000), moverimages.layer(seed, 3000)]) for seed in (6, 7)]
    index = image.add_index(children, ["linux/amd64", "linux/arm64"])
    moverimages.push(company.builds, company.path, image)
    subject = image.descriptor(index)
    signature = image.add_manifest([moverimages.layer(8, 100)], subject=subject)
    data = image.manifests[signature][1]
    fallback = moverimages.Image(blobs=dict(image.blobs), manifests={signature: image.manifests[signature]})
    moverimages.push(company.builds, company.path, fallback, "")
    listed = {"mediaType": moverimages.OCI_MANIFEST, "digest": signature, "size": len(data)}
    table = moverimages.Image()
    table.add_raw(
        moverimages.OCI_INDEX, {"schemaVersion": 2, "mediaType": moverimages.OCI_INDEX, "manifests": [listed]}
    )
    moverimages.push(company.builds, company.path, table, index.replace(":", "-"))

    company.shop.build("default")
    brought = company.shop.build("staging")
    assert brought.digest == index
    assert set(image.everything) <= set(company.staging.blobs())


def test_digest_option_chooses_the_image(company: Company) -> None:
    """An image that was built before the present commit is brought by its digest, and it says so."""
    company.shop.build("default")
    company.shop.commit("later")
    brought = company.shop.build("staging", digest=company.image.root)
    assert brought.digest == company.image.root
    assert "by the option digest" in brought.text
    assert brought.image.tag == f"digest-{company.image.root[7:19]}@{company.image.root}"


def test_digest_option_has_no_meaning_where_images_are_built(company: Company) -> None:
    """In the first environment the option digest changes nothing, and the output says so."""
    built = company.shop.build("default", digest=f"sha256:{'0' * 64}")
    assert built.digest == company.image.root
    assert "The option digest is not looked at: in dev images are built" in built.text


def test_tag_option_chooses_the_image(company: Company) -> None:
    """With the option tag, dev pushes under it, and staging brings what stands under it."""
    company.shop.build("default", tag="v1.2.3")
    brought = company.shop.build("staging", tag="v1.2.3")
    assert "by the tag v1.2.3" in brought.text
    assert brought.image.tag == f"v1.2.3@{company.image.root}"


def test_changes_beside_the_commit_are_told(company: Company) -> None:
    """Where the checkout has changes, dev's tag says so; staging takes the image of the commit without them."""
    tag = company.shop.git("rev-parse", "HEAD")[:12]
    company.shop.build("default")
    (company.shop.app / "new.txt").write_text("not committed\n")
    built = company.shop.build("default")
    assert built.image.tag.startswith(f"{tag}-dirty-")
    assert f"the tag is {tag}-dirty-" in built.text
    brought = company.shop.build("staging")
    assert f"by the git commit {tag}, without the changes that are not committed" in brought.text


def test_an_image_that_has_not_run_before_is_missing(company: Company) -> None:
    """A commit that was never built is refused: where it was looked for, and what to do."""
    tag = company.shop.git("rev-parse", "HEAD")[:12]
    code, text = refusal(company, "staging")
    assert code == "NOT_FOUND"
    assert f"image {tag} (by the git commit {tag}) has not run in dev" in text
    assert f"it was looked for in {company.dev.host}/{company.path}" in text
    assert "build and deploy it in dev first" in text


@pytest.mark.parametrize("digest", ["v1", "sha256:12", "sha512:" + "0" * 128])
def test_what_is_no_digest_is_refused(company: Company, digest: str) -> None:
    """The option digest takes digests only."""
    code, text = refusal(company, "staging", digest=digest)
    assert code == "INVALID_ARGUMENT"
    assert "build.use.digest" in text


def test_an_image_that_has_left_its_source_is_found_here(company: Company) -> None:
    """What was brought before is used again when the environment before has lost it."""
    company.shop.build("default")
    company.shop.build("staging")
    company.shop.environment("dev", url=company.builds.host, repository=f"{company.path}/gone")
    brought = company.shop.build("staging")
    assert brought.digest == company.image.root
    assert "it has left the source" in brought.text


def test_environments_that_share_a_repository(company: Company) -> None:
    """Where both environments have one repository, nothing is sent: the image gets the tag that keeps it."""
    company.shop.environment("staging", url=company.dev.host, repository=company.path)
    tag = company.shop.git("rev-parse", "HEAD")[:12]
    company.shop.build("default")
    before = company.dev.blobs()
    assert company.shop.build("staging").digest == company.image.root
    assert company.dev.blobs() == before
    assert company.dev.tags(company.path) == {tag: company.image.root, f"release-{tag}": company.image.root}


def test_production_brings_from_staging(company: Company) -> None:
    """Each environment brings from the one before it, or from the one that promotion.source names."""
    company.shop.environment("production", url=company.builds.host, repository=f"{company.path}/production")
    company.shop.build("default")
    code, text = refusal(company, "production")
    assert (code, "has not run in staging" in text) == ("NOT_FOUND", True)
    company.shop.build("staging")
    brought = company.shop.build("production")
    assert brought.digest == company.image.root
    assert "in the registry of staging" in brought.text


def test_where_there_is_no_git_a_tag_is_asked_for(company: Company) -> None:
    """Without a checkout and without a tag nothing is pushed: the error says what to set."""
    (company.shop.app / ".git").rename(company.shop.app / ".gone")
    code, text = refusal(company, "default")
    assert code == "FAILED_PRECONDITION"
    assert 'tag = "v1"' in text
    assert company.shop.build("default", tag="v1").digest == company.image.root
