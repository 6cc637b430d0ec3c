"""What must not stand in any file, how long a file may be, and that links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

LONGEST_LINES = 500
"""A smell, says the house style; what is generated is exempt."""

FORBIDDEN = {
    "a path of somebody's machine": re.compile(r"(?<![\w.$}])/(?:work|root|home|Users)/"),
    "the host of a package registry, which is the tools' matter": re.compile(
        r"pypi\.org|pythonhosted\.org|proxy\.golang\.org|sum\.golang\.org|registry\.npmjs\.org|registry\.yarnpkg\.com"
        r"|crates\.io|rubygems\.org|repo1?\.maven|ghcr\.io|quay\.io|docker\.io"
    ),
    "how the code came to be, which is nobody's concern": re.compile(
        r"\b(?:[Cc]laude|[Aa]nthropic|[Oo]pen[Aa][Ii]|[Cc]hat[Gg][Pp][Tt]|[Gg][Pp][Tt]-\d|[Cc]opilot|[Gg]emini|LLMs?"
        r"|[Ll]anguage model|[Aa]ssistant|[Ss]ub-?agent|[Cc]oding agent|AI[- ](?:agent|generated|written)"
        r"|(?:this|last|next|previous|earlier|working) session|[Cc]ontext window|[Aa]s requested|[Aa]s an AI)\b"
    ),
    "a note to the future without an owner: TODO(name)": re.compile(r"(?<![\w.])(?:TODO|FIXME|XXX|HACK)\b(?!\(\w)"),
}
LOCKED_TO = re.compile(r"https://(?:pypi\.org/simple|files\.pythonhosted\.org/packages/[^\"]*)\"")
LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s*(\S+)", re.MULTILINE)
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|#")


def texts(tracked: dict[str, Path]) -> dict[str, str]:
    """Give the text of every file but this one, which spells out what is forbidden."""
    return {name: path.read_text() for name, path in tracked.items() if path.resolve() != Path(__file__).resolve()}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_forbidden_text(tracked: dict[str, Path], generated: frozenset[str], what: str) -> None:
    """No file that somebody wrote holds machine paths, registries, the story of its making, or notes nobody owns."""
    wrong = [
        f"{name}:{number} {line.strip()}"
        for name, text in texts(tracked).items()
        if name not in generated
        for number, line in enumerate(text.splitlines(), 1)
        if FORBIDDEN[what].search(line)
    ]
    assert wrong == []


def test_the_lock_file_names_the_public_index_only(root: Path) -> None:
    """uv.lock, in which addresses must stand, holds none of a mirror that others cannot reach."""
    text = (root / "uv.lock").read_text()
    strange = [line for line in text.splitlines() if line.count("://") != len(LOCKED_TO.findall(line))]
    assert strange == []
    assert not FORBIDDEN["a path of somebody's machine"].search(text)


def test_files_are_text(tracked: dict[str, Path]) -> None:
    """Git holds no binaries and no build output: every file is UTF-8, without zero bytes and carriage returns."""
    wrong = [name for name, path in tracked.items() if {0, 13} & set(path.read_bytes())]
    assert wrong == []
    assert all(isinstance(text, str) for text in texts(tracked).values())


def test_files_are_short(tracked: dict[str, Path], generated: frozenset[str]) -> None:
    """No file that somebody wrote has more than 500 lines."""
    lengths = {name: len(text.splitlines()) for name, text in texts(tracked).items() if name not in generated}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_LINES} == {}


def test_markdown_has_no_trailing_spaces(markdown: dict[str, str]) -> None:
    """No line of a Markdown file ends with a space or a tab, which would be an invisible line break."""
    wrong = [
        f"{name}:{number}"
        for name, text in markdown.items()
        for number, line in enumerate(text.splitlines(), 1)
        if line != line.rstrip()
    ]
    assert wrong == []


def test_links_lead_somewhere(root: Path, markdown: dict[str, str], tracked: dict[str, Path]) -> None:
    """Every relative link in Markdown leads to a file, or a folder of files, that git tracks."""
    known = {root, *tracked.values(), *(folder for path in tracked.values() for folder in path.parents)}
    found, wrong = 0, []
    for name, text in markdown.items():
        for match in LINK.finditer(CODE.sub("", text)):
            target = match[1] or match[2]
            if ELSEWHERE.match(target):
                continue
            found += 1
            path = Path(root / name).parent / target.partition("#")[0]
            if path.resolve() not in known:
                wrong.append(f"{name}: {target}")
    assert wrong == []
    assert found > 0
