"""The options of a `use` are read as Waypoint's host reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from team_ecs.options import Options as EcsOptions
from team_k8s.builder import Options as BuildOptions
from team_k8s.options import Options as DeployOptions
from teamconfig import StandardsError
from waypaas_sdk import options as sdk
from wps import appfile, positions, useblock

if TYPE_CHECKING:
    from pathlib import Path

FILE = 'project = "shop"\napp "web" {\n  %s {\n    use "team-k8s" {\n      %s\n    }\n  }\n}\n'


def read(folder: Path, options: str, stage: str = "deploy", plugin: str = "team-k8s") -> appfile.Options:
    """Read a waypoint.hcl with some options, that begin in line 5."""
    path = folder / "waypoint.hcl"
    path.write_text((FILE % (stage, options)).replace("team-k8s", plugin))
    return appfile.options(appfile.read(path), "web", "default")


@pytest.mark.parametrize(
    ("options", "what", "fix"),
    [
        ('env { A = "b" }', "option env is written as a block", "write env = { ... }"),
        ("port {}", "option port is written as a block", "write port = ..."),
        ('sidecars = [{name="p"}]', "option sidecars is written with =", "write sidecars { ... }, once for each"),
        ("probe = {readiness = {}}", "option probe is written with =", "write probe { ... }"),
        ("probe = var.x", "option probe is written with =", "write probe { ... }"),
        ("network = {}", "option network is written with =", "write network { ... }"),
        ("probe {}\nprobe {}", "block probe stands twice", "put both into one"),
        ('probe "x" {}', 'block probe has a label, "x"', "write probe { ... }"),
        ("probe {\n readiness = {}\n}", "option readiness is written with =", "write readiness { ... }"),
        ("sidecars {\n env {}\n}", "option env is written as a block", "write env = { ... }"),
    ],
)
@pytest.mark.parametrize("stage", ["deploy", "release"])
def test_what_waypoint_refuses_is_refused(tmp_path: Path, options: str, what: str, fix: str, stage: str) -> None:
    """A block for an attribute, an attribute for a block, a second block or a label is refused with its line."""
    with pytest.raises(StandardsError) as caught:
        read(tmp_path, options, stage)
    (problem,) = caught.value.problems
    assert (problem.what, problem.fix, problem.kind) == (what, fix, "option")
    line = 5 + options.count("\n") * ("twice" in what or "{\n" in options) - ("{\n" in options)
    assert problem.where.startswith(f"{tmp_path}/waypoint.hcl:{line} (app.web.{stage}.use.")


def test_everything_is_refused_at_once(tmp_path: Path) -> None:
    """All slips of a file are told together."""
    with pytest.raises(StandardsError) as caught:
        read(tmp_path, "env {}\n      probe = {}\n      port {}")
    assert len(caught.value.problems) == 3


def test_scalars_are_converted_by_the_kind_of_their_key(tmp_path: Path) -> None:
    """Numbers in quotes and bare values of a map have the type of their key, in blocks too; unfit ones stay."""
    options = (
        'replicas = "2"\nenv = { A = 1 }\nport = "80"\nmemory = "x"\n'
        'probe {\n liveness { path = 1 }\n}\nports { port = "9" }'
    )
    (stanza,) = read(tmp_path, options).stanzas
    assert stanza.values == {
        "replicas": 2, "env": {"A": "1"}, "port": 80, "memory": "x", "probe": {"liveness": {"path": "1"}},
        "ports": [{"port": 9}],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("known", "declared"),
    [
        (useblock.options("kubernetes"), DeployOptions),
        (useblock.options("ecs"), EcsOptions),
        (useblock.BUILD, BuildOptions),
    ],
)
def test_blocks_and_attributes_are_those_of_the_plugin(known: Any, declared: type) -> None:
    """What is held to be a block, and what an attribute, is what the plugin tells Waypoint."""
    forms = {shape.name: shape.form if shape.form in {"block", "blocks"} else "" for shape in sdk.shapes(declared)}
    assert {name: spec.kind if spec.kind in {"block", "blocks"} else "" for name, spec in known.items()} == forms


def test_a_typo_in_a_build_stanza_is_refused(tmp_path: Path) -> None:
    """An option that the builder does not have is refused, and the nearest one is named."""
    with pytest.raises(StandardsError) as caught:
        read(tmp_path, 'imgae = "a:1"', "build")
    (problem,) = caught.value.problems
    assert (problem.what, problem.fix) == ("unknown option imgae", "write image")
    assert problem.where == f"{tmp_path}/waypoint.hcl:5 (app.web.build.use.imgae)"


@pytest.mark.parametrize(("stage", "plugin", "section"), [
    ("deploy", "team-k8s", "kubernetes"), ("release", "team-k8s", "kubernetes"),
    ("deploy", "team-ecs", "ecs"), ("release", "team-ecs", "ecs"),
])  # fmt: skip
def test_a_network_is_a_section_of_its_own(tmp_path: Path, stage: str, plugin: str, section: str) -> None:
    """A block `network` in a stanza of either platform is read as that section, beside the platform's own."""
    found = read(tmp_path, 'replicas = 2\n      network { host = "a.b" }', stage, plugin)
    stanzas = found.stanzas if stage == "deploy" else found.release or []
    assert {stanza.section: stanza.values for stanza in stanzas} == {
        section: {"replicas": 2}, "network": {"host": "a.b"},
    }  # fmt: skip


@pytest.mark.parametrize("plugin", ["team-k8s", "team-ecs"])
def test_a_mistyped_network_is_refused(tmp_path: Path, plugin: str) -> None:
    """`network` is suggested for what is nearly written so, and the plugin that lacks it is named."""
    with pytest.raises(StandardsError) as caught:
        read(tmp_path, 'netwrok { host = "a.b" }', plugin=plugin)
    (problem,) = caught.value.problems
    assert (problem.what, problem.fix) == ("unknown option netwrok", "write network")
    assert problem.why == f"{plugin} has no such option"
    assert problem.where == f"{tmp_path}/waypoint.hcl:5 (app.web.deploy.use.netwrok)"


@pytest.mark.parametrize(
    ("stage", "plugin", "words"),
    [
        ("deploy", "team-k9s", ['write "team-k8s" if you meant that', "the standards of section kubernetes are shown"]),
        ("deploy", "nomad", ["no plugin of ours; the standards of section kubernetes are shown all the same"]),
        ("release", "team-k8", ['write "team-k8s" if you meant that']),
        ("build", "team-k9s", ['write "team-k8s" if you meant that']),
        ("build", "docker", []),
        ("deploy", "team-k8s", []),
    ],
)
def test_a_plugin_that_is_not_ours_is_noted(tmp_path: Path, stage: str, plugin: str, words: list[str]) -> None:
    """A mistyped plugin is told with its line, and so is every foreign one that deploys."""
    path = tmp_path / "waypoint.hcl"
    path.write_text((FILE % (stage, "")).replace("team-k8s", plugin))
    notes = appfile.options(appfile.read(path), "web", "default").notes
    assert len(notes) == bool(words)
    assert all(word in notes[0] for word in words)
    assert all(note.startswith(f"{path}:4: ") for note in notes)


def test_the_release_has_options_of_its_own(tmp_path: Path) -> None:
    """The options of a release are kept apart; without a release stanza there are none, which is not the same."""
    assert read(tmp_path, "").release is None
    found = read(tmp_path, "service { port = 81 }", "release")
    assert (found.stanzas, [stanza.values for stanza in found.release or []]) == ([], [{"service": {"port": 81}}])


def test_the_line_of_a_path() -> None:
    """A path has its own line, or that of what it is in; what is no path of the file has none."""
    lines = {"app.a.deploy.use": "f:4", "app.a.deploy.use.env": "f:6"}
    for path, wanted in {
        "app.a.deploy.use.env": "f:6", 'app.a.deploy.use.env["x.y/z"]': "f:6", "app.a.deploy.use.env.A": "f:6",
        "app.a.deploy.use.memory": "f:4", "org.yaml:3": "", "": "", 'env["]': "",
    }.items():  # fmt: skip
        assert positions.line(lines, path) == wanted


def test_an_app_has_a_name(tmp_path: Path) -> None:
    """An app without a label is refused with its line."""
    path = tmp_path / "waypoint.hcl"
    path.write_text('project = "p"\napp {\n}\n')
    with pytest.raises(StandardsError, match="the app of line 2 has no name") as caught:
        appfile.read(path)
    assert caught.value.problems[0].where == f"{path}:2"


def test_a_project_is_named(tmp_path: Path) -> None:
    """A file without project, or with one that only Waypoint knows, is told how to name it."""
    path = tmp_path / "waypoint.hcl"
    for text, where in (('app "a" {}\n', path), ('app "a" {}\nproject = var.p\n', f"{path}:2")):
        path.write_text(text)
        with pytest.raises(StandardsError, match="names no project") as caught:
            appfile.project_of(appfile.read(path))
        assert caught.value.problems[0].fix == 'add project = "NAME" as its first line, or give --project'
        assert caught.value.problems[0].where == str(where)


def test_the_file_is_searched_up_to_the_root_of_the_repository(tmp_path: Path) -> None:
    """A waypoint.hcl above counts within the repository only."""
    inner = tmp_path / "repository" / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "waypoint.hcl").write_text("")
    assert appfile.search(inner) is None
    (tmp_path / "repository" / ".git").mkdir()
    assert appfile.search(inner) is None
    (tmp_path / "repository" / "waypoint.hcl").write_text("")
    assert str(appfile.search(inner)) == "../../waypoint.hcl"
