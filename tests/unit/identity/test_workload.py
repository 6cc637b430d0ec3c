"""Claims of CI jobs, as GitHub and GitLab spell them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teamconfig.identity import workload

GITHUB = {
    "sub": "repo:acme/shop:ref:refs/heads/main", "repository": "acme/shop", "repository_id": "74",
    "repository_owner_id": "65", "ref": "refs/heads/main", "ref_type": "branch", "ref_protected": "true",
    "environment": "production", "event_name": "push", "run_id": "9", "sha": "a" * 40, "actor": "alice",
    "job_workflow_ref": "acme/shop/.github/workflows/ci.yml@refs/heads/main",
}  # fmt: skip
GITLAB = {
    "sub": "project_path:acme/shop:ref_type:branch:ref:main", "project_path": "acme/shop", "project_id": "74",
    "namespace_id": "65", "ref": "main", "ref_path": "refs/heads/main", "ref_type": "branch", "ref_protected": "true",
    "environment": "production", "pipeline_source": "push", "pipeline_id": "9", "sha": "a" * 40, "user_login": "alice",
    "ci_config_ref_uri": "gitlab.com/acme/shop//.gitlab-ci.yml@refs/heads/main",
}  # fmt: skip


@pytest.mark.parametrize(("claims", "layout"), [(GITHUB, workload.GITHUB), (GITLAB, workload.GITLAB)])
def test_both_systems_come_out_the_same(claims: dict[str, Any], layout: workload.Layout) -> None:
    """The same job reads the same from either system, but for the file of its pipeline."""
    found = workload.claims_of(claims, layout)
    assert found.pop("workflow")
    assert found == {
        "repository": "acme/shop", "repository_id": "74", "owner_id": "65", "ref": "refs/heads/main",
        "ref_type": "branch", "ref_protected": "true", "environment": "production", "event": "push", "run": "9",
        "commit": "a" * 40,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("told", "is_protected"),
    [("true", "true"), (True, "true")]
    + [(told, "false") for told in ("false", False, "True", 1, None, [True], "yes", "true ", "")],
)
def test_only_true_is_protected(told: object, is_protected: str) -> None:
    """A ref is protected only if the token says so plainly; anything else, and nothing, is not."""
    assert workload.claims_of(GITHUB | {"ref_protected": told}, workload.GITHUB)["ref_protected"] == is_protected


@given(
    st.dictionaries(
        st.sampled_from(sorted(GITHUB)), st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text())
    )
)
def test_any_claims_are_texts_or_left_out(changed: dict[str, Any]) -> None:
    """Whatever a claim holds, it becomes a visible text or is left out."""
    found = workload.claims_of(GITHUB | changed, workload.GITHUB)
    assert all(isinstance(value, str) and value and value.isprintable() for value in found.values())
