"""The wheel that `make build` makes, and what an installation of it offers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from configparser import ConfigParser
from email.parser import Parser
from pathlib import Path

import pytest

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "waypaas"
IMPORT_ALL = """
import importlib, sys
sys.path.insert(0, sys.argv[1])
for name in sys.argv[2:]:
    module, _, function = name.partition(":")
    imported = importlib.import_module(module)
    assert imported.__file__.startswith(sys.argv[1]), imported.__file__
    assert not function or callable(getattr(imported, function)), name
"""


@pytest.fixture(scope="module")
def project(root: Path) -> dict[str, object]:
    """Give the section `project` of pyproject.toml."""
    return tomllib.loads((root / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel as `make build` does, and give the directory into which it was unpacked."""
    directory = tmp_path_factory.mktemp("wheel")
    search = os.pathsep.join([os.environ["PATH"], str(CACHE / "uv" / "bin")])
    uv = shutil.which("uv", path=search)
    assert uv is not None, "there is no uv; run `make setup`"
    command = [uv, "build", "--wheel", "--quiet", "--out-dir", str(directory)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (built,) = directory.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        archive.extractall(directory / "unpacked")
    return directory / "unpacked"


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    """Give the names of all files in the wheel."""
    return {str(path.relative_to(wheel)) for path in wheel.rglob("*") if path.is_file()}


def modules(names: set[str]) -> set[str]:
    """Give the modules among files, by their dotted names."""
    found = {name.removesuffix(".py").replace("/", ".") for name in names if name.endswith(".py")}
    return {name.removesuffix(".__init__") for name in found}


def test_make_builds_with_the_same_command(root: Path) -> None:
    """`make build` is the command that these tests run, so what they hold is true of its wheel."""
    assert "uv build --wheel\n" in (root / "Makefile").read_text()


def test_the_wheel_holds_our_packages_and_nothing_else(names: set[str], packages: dict[str, Path]) -> None:
    """At the top of the wheel are our packages and its metadata: no tests, examples, tools or test bed."""
    top = {name.partition("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == set(packages)
    written = {name for name in names if "/gen/" not in name}
    tests = {name for name in written if Path(name).name.startswith(("test_", "conftest")) or "/tests/" in name}
    assert tests == set()


def test_the_wheel_holds_every_file_of_our_packages(
    names: set[str], packages: dict[str, Path], tracked: dict[str, Path]
) -> None:
    """Each file of our packages that git tracks is in the wheel, code generated from protos with its stubs included."""
    expected = {
        f"{package}/{path.relative_to(folder)}"
        for package, folder in packages.items()
        for path in tracked.values()
        if path.is_relative_to(folder)
    }
    assert expected - names == set()
    for package in ("waypaas_sdk", "team_k8s"):
        generated = {name for name in names if name.startswith(f"{package}/gen/") and name.endswith("_pb2.py")}
        assert generated, package
        assert {f"{name}i" for name in generated} <= names


def test_the_wheel_is_typed(names: set[str], packages: dict[str, Path]) -> None:
    """Each package says by py.typed that its annotations count for who uses it (PEP 561)."""
    assert {f"{package}/py.typed" for package in packages} <= names


def test_the_metadata_agrees_with_the_project(wheel: Path, project: dict[str, object], root: Path) -> None:
    """Name, version and Python are the project's; without extras nothing comes along that a plugin can do without."""
    (path,) = wheel.glob("*.dist-info/METADATA")
    metadata = Parser().parsestr(path.read_text())
    told = subprocess.run([sys.executable, root / "tools/version.py"], capture_output=True, text=True, check=True)
    assert (metadata["Name"], metadata["Version"]) == (project["name"], told.stdout.strip())
    assert metadata["Requires-Python"] == project["requires-python"]
    required = [line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert sorted(required) == sorted(project["dependencies"])
    assert metadata["Description-Content-Type"] == "text/markdown"


def test_every_module_can_be_imported_from_the_wheel(wheel: Path, names: set[str]) -> None:
    """No module of the wheel needs a file that is in the repository only."""
    run_by_others = ("__main__", "migrations.env")  # by Python's -m, and by Alembic
    wanted = sorted(name for name in modules(names) if not name.endswith(run_by_others))
    command = [sys.executable, "-c", IMPORT_ALL, str(wheel), *wanted]
    done = subprocess.run(command, cwd=wheel.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_console_scripts(wheel: Path, project: dict[str, object]) -> None:
    """Each program of pyproject.toml is in the wheel's entry points, is a function there, and is installed here."""
    (path,) = wheel.glob("*.dist-info/entry_points.txt")
    points = ConfigParser()
    points.optionxform = str  # type: ignore[assignment,method-assign]  # names of programs keep their case
    points.read_string(path.read_text())
    scripts = dict(points["console_scripts"])
    assert scripts == project["scripts"]
    command = [sys.executable, "-c", IMPORT_ALL, str(wheel), *scripts.values()]
    done = subprocess.run(command, cwd=wheel.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [name for name in scripts if not os.access(Path(sys.executable).with_name(name), os.X_OK)] == []


def test_a_plugin_is_named_as_waypoint_looks_for_it(project: dict[str, object], packages: dict[str, Path]) -> None:
    """Each folder of plugins/ has a program waypoint-plugin-NAME; Waypoint finds plugins by that name only."""
    folders = {name for name, path in packages.items() if path.parent.name == "plugins"}
    on_disk = {path.parent.name for path in (packages["team_k8s"].parent).glob("*/main.py")}
    assert folders == on_disk
    scripts = {value: name for name, value in project["scripts"].items()}  # type: ignore[attr-defined]
    for folder in folders:
        name = folder.removesuffix("_stage").replace("_", "-")  # `test` is a package of Python's own
        assert scripts[f"{folder}.main:main"] == f"waypoint-plugin-{name}"
