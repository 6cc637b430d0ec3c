"""What a test of kind http expects of an answer: JSON paths, matching, percentiles."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teamconfig.model.tests import Check
from teamtests import jsonpath, matching, percentiles

DOCUMENT = {"items": [{"name": "a"}, {"name": "b c"}], "up": True, "none": None, "n": 3, "a key": {"x.y": "z"}}
NAMES = st.text(st.characters(exclude_characters="'\"[].", categories=["L", "N"]), min_size=1, max_size=8)
TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)


def answer(body: object = "", status: int = 200, **headers: str) -> matching.Answer:
    """Make an answer."""
    text = body if isinstance(body, str) else json.dumps(body)
    return matching.Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, text)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$.items[1].name", "b c"),
        ("$.items[-1].name", "b c"),
        ("$['a key'][\"x.y\"]", "z"),
        ("$.up", True),
        ("$", DOCUMENT),
    ],
)
def test_json_path_leads_to_its_value(path: str, value: object) -> None:
    """Names, places from either end and quoted keys are followed; the path $ is the document itself."""
    assert jsonpath.find(DOCUMENT, path) == value


@pytest.mark.parametrize("path", ["items", "$.", "$..a", "$[x]", "$.items[0", "$.items[*]", "$ .a", "$.a b"])
def test_what_is_no_json_path_is_refused(path: str) -> None:
    """A path that is not understood is never taken for one that leads nowhere."""
    with pytest.raises(jsonpath.PathError, match="is no JSON path"):
        jsonpath.find(DOCUMENT, path)


@pytest.mark.parametrize("path", ["$.missing", "$.items[2]", "$.items.name", "$.n[0]", "$.none.x", "$.items[-3]"])
def test_a_path_that_leads_nowhere_says_where_it_ends(path: str) -> None:
    """Nothing is made up for a value that is not there."""
    with pytest.raises(jsonpath.PathError, match="leads nowhere"):
        jsonpath.find(DOCUMENT, path)


@given(TREES)
def test_every_value_of_a_document_has_a_path(tree: object) -> None:
    """The quoted path to any value of any document finds that value."""

    def walk(value: object, path: str) -> None:
        assert jsonpath.find(tree, path) == value
        if isinstance(value, dict):
            for name, inner in value.items():
                walk(inner, f"{path}['{name}']")
        if isinstance(value, list):
            for place, inner in enumerate(value):
                walk(inner, f"{path}[{place}]")

    walk(tree, "$")


def test_an_answer_as_expected_has_no_problems() -> None:
    """Status, headers, text and JSON that are as expected give no problem; header names know no case."""
    check = Check(
        name="x", status=201, contains='"up"', json={"$.up": "true", "$.n": "3", "$.items[0].name": "a"},
        expect_headers={"Content-Type": "json"},
    )  # fmt: skip
    assert matching.problems(check, answer(DOCUMENT, 201, content_type="application/json")) == []


@pytest.mark.parametrize(
    ("check", "given_answer", "said"),
    [
        (Check(), answer("oh no", 503), 'status 503, expected 200: "oh no"'),
        (Check(status=204), answer("", 200), 'status 200, expected 204: ""'),
        (Check(contains="ready"), answer("starting"), 'the body does not contain "ready": "starting"'),
        (Check(json={"$.n": "4"}), answer(DOCUMENT), '$.n is "3", expected "4"'),
        (Check(json={"$.up": "True"}), answer(DOCUMENT), '$.up is "true", expected "True"'),
        (Check(json={"$.x": "4"}), answer("<html>"), 'the body is no JSON: "<html>"'),
        (Check(json={"$.x": "4"}), answer("[" * 100_000), 'the body is no JSON: "' + "[" * 200 + '..."'),
        (Check(json={"$.x": "4"}), answer(DOCUMENT), "$.x leads nowhere: there is no x"),
        (Check(expect_headers={"X-A": "1"}), answer(), "there is no header X-A"),
        (Check(expect_headers={"X-A": "1"}), answer(x_a="2"), 'header X-A is "2", expected one with "1"'),
    ],
)
def test_what_is_not_as_expected_is_told(check: Check, given_answer: matching.Answer, said: str) -> None:
    """Each difference is told by what came and what was expected."""
    assert matching.problems(check, given_answer) == [said]


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=60), st.integers(1, 100))
def test_a_percentile_is_a_value_that_so_many_do_not_exceed(values: list[float], percent: int) -> None:
    """Nearest rank: the least of the values that at least `percent` of all do not exceed."""
    found = percentiles.nearest_rank(values, percent)
    enough = [value for value in values if 100 * sum(other <= value for other in values) >= percent * len(values)]
    assert found == min(enough)


def test_a_percentile_of_nothing_is_refused() -> None:
    """No values and no such percentile are faults of the caller."""
    for values, percent in (([], 50), ([1.0], 0), ([1.0], 101)):
        with pytest.raises(ValueError, match="percentile"):
            percentiles.nearest_rank(values, percent)
