"""Names of previews: no two branches share a workspace, and nothing else is taken for one."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teamconfig.errors import StandardsError
from wps.previews import names

BRANCHES = st.one_of(
    st.text("abXY/-_.9", min_size=1, max_size=12),
    st.text(min_size=1, max_size=60),
    st.from_regex(r"[a-c-]{1,4}-[0-9a-f]{8}", fullmatch=True),
)


@given(BRANCHES, BRANCHES)
def test_two_branches_never_share_a_workspace(one: str, other: str) -> None:
    """Whatever branches are called, other branches have other workspaces, also such as look like a marked name."""
    assert (names.workspace(one) == names.workspace(other)) == (one == other)


@given(BRANCHES)
def test_a_workspace_fits_where_names_are_made_of_it(branch: str) -> None:
    """A workspace is a DNS label of at most 40 signs that begins as a preview, and passes its own check."""
    workspace = names.workspace(branch)
    assert re.fullmatch(r"preview-[a-z0-9]+(-[a-z0-9]+)*", workspace)
    assert len(workspace) <= 40
    assert names.check_workspace(workspace, "here") == workspace


def test_plain_branches_keep_their_names() -> None:
    """A plain branch is readable in its workspace; slugs that are equal are told apart by a mark."""
    assert names.workspace("login-form") == "preview-login-form"
    marked = [names.workspace(branch) for branch in ("login/form", "Login-form", "login_form", "login--form")]
    assert len({*marked, "preview-login-form"}) == 5
    assert all(re.fullmatch("preview-login-form-[0-9a-f]{8}", one) for one in marked)
    again = marked[0].removeprefix("preview-")
    assert names.workspace("77710aed") != names.workspace("日本語") == "preview-77710aed"
    assert names.workspace(again) != marked[0], "a branch that is called like a marked name has a mark of its own"


@pytest.mark.parametrize(
    "branch", ["", "a b", "-x", "a..b", "a\nb", "a~1", "/a", "a/", "a.lock", "x" * 251, "Ü" * 126, "a@{b"]
)
def test_what_git_has_no_branch_for_is_refused(branch: str) -> None:
    """A text that is no name of a branch is refused with the place where it was written."""
    with pytest.raises(StandardsError) as caught:
        names.check(branch, "the argument --branch")
    assert caught.value.kind == "option"
    assert caught.value.problems[0].where == "the argument --branch"


@pytest.mark.parametrize("branch", ["feature/x", "Über-1", "it's", "$(x)", "a@b", "#12", "Ü" * 125])
def test_what_git_has_branches_for_passes(branch: str) -> None:
    """A name that git takes passes as it is."""
    assert names.check(branch, "here") == branch


@pytest.mark.parametrize("name", ["production", "default", "preview-", "preview", "Preview-x", "preview-x/y", "-", ""])
def test_nothing_else_is_ended_as_a_preview(name: str) -> None:
    """A workspace that is no preview's is refused, so that no environment is destroyed by a slip."""
    with pytest.raises(StandardsError, match="is no preview"):
        names.check_workspace(name, "the argument NAME")
