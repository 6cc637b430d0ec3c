"""Writing the files that name a service or standards."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest

from teamconfig import StandardsError, settings
from wps import configuration

if TYPE_CHECKING:
    from pathlib import Path

SERVICE = {"service": "wps.corp.example:7443", "certificate_authority": ""}
LINE = 'service = "wps.corp.example:7443"\n'


def test_a_new_file(tmp_path: Path) -> None:
    """A file that is not there is made with its directories, and read again it names the same."""
    path = tmp_path / "a" / "b" / "config.toml"
    configuration.draft(path, SERVICE).write()
    assert path.read_text() == LINE
    configuration.draft(tmp_path / ".waypaas.toml", SERVICE | {"certificate_authority": 'o"dd.pem'}).write()
    found = settings.find(tmp_path, {})
    assert (found.service, found.certificate_authority) == (SERVICE["service"], str(tmp_path / 'o"dd.pem'))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (LINE, LINE),
        (f"# ours\n{LINE}", f"# ours\n{LINE}"),
        ('# ours\nstandards = "x"\n', f"# ours\n{LINE}"),
        ('service="old:1"\ncertificate_authority = "ca.pem"\n', LINE),
        ('"service" = "old:1"\n', LINE),
        ('standards = """\nx\n"""\n', LINE),
    ],
)
def test_a_file_that_is_there(tmp_path: Path, before: str, after: str) -> None:
    """What names standards is replaced, comments stay, and a file that says it already is not touched."""
    path = tmp_path / "config.toml"
    path.write_text(before)
    draft = configuration.draft(path, SERVICE)
    assert (draft.before, draft.after) == (before, after)
    assert tomllib.loads(draft.after) == {"service": SERVICE["service"]}
    stamp = path.stat().st_ino
    draft.write()
    assert path.read_text() == after
    assert (path.stat().st_ino == stamp) == (before == after)


def test_a_file_that_is_broken(tmp_path: Path) -> None:
    """A file that is not TOML is not written over."""
    path = tmp_path / "config.toml"
    path.write_text("service = \n")
    with pytest.raises(StandardsError, match="cannot be read"):
        configuration.draft(path, SERVICE)


def test_the_file_of_a_repository(tmp_path: Path) -> None:
    """It lies at the root of the repository, and outside of one in the directory itself."""
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert configuration.of_repository(inner) == inner / ".waypaas.toml"
    (tmp_path / "a" / ".git").mkdir()
    assert configuration.of_repository(inner) == tmp_path / "a" / ".waypaas.toml"
