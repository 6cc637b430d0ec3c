"""Reading waypoint.hcl without Waypoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teamconfig import StandardsError
from wps import appfile, hclfile
from wps.hclfile import Undecided

if TYPE_CHECKING:
    from pathlib import Path

FILE = """
project = "shop" # the project

/* two
   lines */
variable "x" { default = "1" }

app "web" {
  labels = { "a.b/c" = "d", e : 1 }
  build {
    use "docker" {}
    registry {
      use "team-ecr" { repository = "r" }
    }
  }
  deploy {
    use "team-k8s" {
      memory   = "1Gi" // limit
      replicas = 3
      on       = true
      nothing  = null
      half     = 0.5
      cpu      = var.x
      host     = "${app.name}.example"
      size     = 1 + 2
      plain    = "$${x} \\"q\\" \\n"
      long     = <<-EOT
        one
          two
      EOT
      names    = ["a", "b",]
      calls    = ["a", upper("}")]
      env      = {
        A = "1"
        B = upper("x")
      }
      probe {
        readiness { path = "/" }
      }
      ports { port = 1 }
      ports {
        port = 2
      }
    }
    workspace "production" {
      use "team-k8s" { replicas = 9 }
    }
  }
}
"""


def test_literals_are_read_and_the_rest_is_left_to_waypoint() -> None:
    """Texts, numbers, truth values, lists, maps and heredocs are values; variables, calls and templates are not."""
    root = hclfile.parse(FILE, "waypoint.hcl")
    app = root.find("app", "web")
    assert app is not None
    assert app.attributes["labels"] == {"a.b/c": "d", "e": 1}
    deploy = app.find("deploy")
    assert deploy is not None
    use = deploy.find("use", "team-k8s")
    assert use is not None
    assert use.attributes == {
        "memory": "1Gi", "replicas": 3, "on": True, "nothing": None, "half": 0.5, "cpu": Undecided("var.x"),
        "host": Undecided('"${app.name}.example"'), "size": Undecided("1 + 2"), "plain": '${x} "q" \n',
        "long": "one\n  two\n", "names": ["a", "b"], "calls": ["a", Undecided('upper("}")')],
        "env": {"A": "1", "B": Undecided('upper("x")')},
    }  # fmt: skip
    assert use.lines["memory"] == 18


def test_options_become_stanzas(tmp_path: Path) -> None:
    """The options of our plugins are found with their path; a workspace's own use counts there instead."""
    (tmp_path / "waypoint.hcl").write_text(FILE)
    file = appfile.read(tmp_path / "waypoint.hcl")
    assert (file.project, file.apps, appfile.choose(file, None)) == ("shop", ("web",), "web")
    found = appfile.options(file, "web", "default")
    (registry, deploy), undecided = found.stanzas, found.undecided
    assert (registry.section, registry.path) == ("registry", "app.web.build.registry.use")
    assert (deploy.section, deploy.path) == ("kubernetes", "app.web.deploy.use")
    assert deploy.values["probe"] == {"readiness": {"path": "/"}}
    assert deploy.values["ports"] == [{"port": 1}, {"port": 2}]
    assert deploy.values["env"] == {"A": "1"}
    assert "cpu" not in deploy.values
    assert "calls" not in deploy.values
    assert "app.web.deploy.use.cpu = var.x" in undecided
    assert 'app.web.deploy.use.env.B = upper("x")' in undecided
    _, production = appfile.options(file, "web", "production").stanzas
    assert (production.path, production.values) == ("app.web.deploy.workspace.production.use", {"replicas": 9})


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('app "web" {', "f.hcl:1"), ("a = ", "f.hcl:1"), ("\n= 1", "f.hcl:2"), ('a = "x', "f.hcl:1"),
        ("a = 1\na = 2", "f.hcl:2"), ("}", "f.hcl:1"), ("a = upper(", "f.hcl:1"),
        ("a = <<X\n", "f.hcl:1"), ("a {" * 200, "f.hcl:1"),
    ],
)  # fmt: skip
def test_what_is_not_hcl_is_told_with_its_line(text: str, where: str) -> None:
    """A syntax error says what was expected, how to mend it, and file:line."""
    with pytest.raises(StandardsError) as caught:
        hclfile.parse(text, "f.hcl")
    assert caught.value.kind == "option"
    assert caught.value.problems[0].where == where
    assert caught.value.problems[0].fix


@given(st.text(alphabet='ab"{}[]()=<>$%\\\n ,:#/*-1.', max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text makes the reader hang or fail in another way than StandardsError."""
    try:
        hclfile.parse(text, "f.hcl")
    except StandardsError as err:
        assert err.problems  # noqa: PT017  # both outcomes are right


def test_a_number_without_end_is_read() -> None:
    """A number too long for Python's own reader is no failure of ours."""
    assert hclfile.parse(f"a = {'9' * 5000}", "f.hcl").attributes == {"a": float("inf")}


def test_apps_must_be_named_where_there_are_several(tmp_path: Path) -> None:
    """With two apps the user chooses; a mistyped name gets the nearest; a missing file the ways out."""
    (tmp_path / "waypoint.hcl").write_text('project = "p"\napp "web" {}\napp "worker" {}\n')
    file = appfile.read(tmp_path / "waypoint.hcl")
    with pytest.raises(StandardsError, match="no app is named"):
        appfile.choose(file, None)
    with pytest.raises(StandardsError) as caught:
        appfile.choose(file, "wrker")
    assert "write --app worker" in str(caught.value)
    with pytest.raises(StandardsError, match="cannot be read"):
        appfile.read(tmp_path / "none.hcl")
