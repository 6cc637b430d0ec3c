"""What is written into a release record: what Waypoint itself says that it released, held against what was meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from teamconfig import errors
from teamconfig.releases.record import Draft

if TYPE_CHECKING:
    from wps.promotion.plan import Facts
    from wps.promotion.waypoint import Released


def check(released: Released | None, deployment: str, digest: str) -> Released:
    """Make sure that Waypoint gave the traffic to what was meant, by the artifact that it keeps itself.

    Args:
        released: The newest release.
        deployment: Waypoint's id of the deployment that was meant.
        digest: That its image must have; empty for any.

    Returns:
        The release.

    Raises:
        StandardsError: It is another (kind state).
    """
    where = "waypoint release list"
    if released is None or released.deployment != deployment or released.state != "SUCCESS":
        what, why = f"deployment {deployment} does not have the traffic", "Waypoint's newest release is another one"
        raise errors.state(what, why, "see what Waypoint did besides, and run this again", where)
    if not released.digest or (digest and released.digest != digest):
        what = f"what runs is {released.image or 'no image'}" + (f", not {digest}" if digest else ", without a digest")
        why = "the build in this environment did not bring the image that was recorded"
        raise errors.state(what, why, 'write build { use "team-ecr" {} } into waypoint.hcl', where)
    return released


def draft(facts: Facts, released: Released, evidence: tuple[str, ...] = ()) -> Draft:
    """Write down what was done.

    Args:
        facts: Of what was to be done.
        released: What Waypoint says of it.
        evidence: Ids of what it goes on.

    Returns:
        The draft of the record.
    """
    target, chosen = facts.target, facts.chosen
    return Draft(
        project=target.project, app=target.app, environment=target.environment, digest=released.digest,
        image=released.image, profile_revision=target.revision, profile_hash=facts.target_hash,
        app_file_hash=facts.app_file_hash, deployment=released.deployment, url=released.url, evidence=evidence,
        parent=chosen.id if chosen is not None else "", kind=facts.kind,  # type: ignore[arg-type]  # one of its words
    )  # fmt: skip
