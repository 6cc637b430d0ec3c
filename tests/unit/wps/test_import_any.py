"""Rewriting any waypoint.hcl: it stays valid, and what is not about Kubernetes stays as it was."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from teamconfig import StandardsError
from wps import hclfile
from wps.migration import rewrite


def rewritten(text: str) -> rewrite.Rewritten:
    """Import a file without standards."""
    return rewrite.file(text, "waypoint.hcl", lambda _app, _workspace: ())


NAMES = st.sampled_from(
    ["replicas", "memory", "pod", "cpu", "port", "ingress", "annotations", "probe_path", "unknown", "scratch_path"]
)
EXPRESSIONS = st.one_of(
    st.sampled_from(
        ["1", '"x"', "var.x", "[1, var.x]", '{ a = "1" }', "null", "true", '"${a}b"', "<<E\nhi\n  E", "f({\n a = 1\n})"]
    ),
    st.text(alphabet="ab 1", max_size=5).map(lambda text: f'"{text}"'),
)
COMMENTS = st.sampled_from(["", "# c1", "// c2", "/* c3 */", "/* c4\n c5 */"])
OUTSIDE = st.sampled_from(
    ['x = "use kubernetes {"\n', "# note {\n", 'variable "v" {}\n', "\n", "  \t\n", "z = [1,\n2]\n", "/* a\n b */\n"]
)


@st.composite
def bodies(draw: st.DrawFn, depth: int = 2) -> str:
    """A body of HCL: options that the builtin has or has not, blocks, comments."""
    lines = []
    names = draw(st.lists(NAMES, max_size=5, unique=True))
    for name in names:
        lines.append(draw(COMMENTS))
        if depth and draw(st.booleans()):
            kind = draw(
                st.sampled_from(["pod", "container", "sidecar", "port", "cpu", "memory", "probe", 'ingress "http"'])
            )
            lines.append(f"{kind} {{\n{draw(bodies(depth=depth - 1))}}}")
        else:
            lines.append(f"{name} = {draw(EXPRESSIONS)}")
    return "".join(f"{line}\n" for line in lines)


@given(
    before=st.lists(OUTSIDE, max_size=1).map("".join), between=COMMENTS, deploy=bodies(), release=st.none() | bodies(),
    after=st.lists(COMMENTS, max_size=3).map("\n".join),
)  # fmt: skip
def test_what_is_outside_of_the_stanzas_never_changes(
    before: str, between: str, deploy: str, release: str | None, after: str
) -> None:
    """Whatever the options are, the new file is valid, has all comments, and outside of the stanzas the same bytes."""
    head = f'{before}app "web" {{\n  {between}\n  deploy {{\n    '
    middle = '\n  }\n\n  config {\n    env = { "use" = "kubernetes" }\n  }\n'
    tail = f"}}\n{after}"
    stage = f'  release {{\n    use "kubernetes" {{\n{release}}}\n  }}\n' if release is not None else ""
    text = f'{head}use "kubernetes" {{\n{deploy}}}{middle}{stage}{tail}'
    done = rewritten(text)
    root = hclfile.parse(done.text, "waypoint.hcl")
    assert done.text.startswith(f'{head}use "team-k8s" {{')
    assert done.text.endswith(f"{middle}{tail}")
    assert root.blocks[-1].find("release") is None
    comments = re.findall(r"c[1-5]\b", text)
    assert len(re.findall(r"c[1-5]\b", done.text)) >= len(comments)
    again = rewritten(done.text)
    assert (again.text, again.uses, again.problems) == (done.text, 0, [])


@given(st.text(alphabet='ab"{}[]()=<>$%\\\n ,:#/*-1.', max_size=60))
def test_a_file_without_the_builtin_stays_as_it_is(text: str) -> None:
    """Any text in which nothing is to be imported comes back unchanged, or is refused as no HCL."""
    try:
        done = rewritten(text)
    except StandardsError:
        return
    assert (done.text, done.uses, done.problems) == (text, 0, [])
