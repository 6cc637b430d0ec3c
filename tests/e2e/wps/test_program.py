"""The program around the commands: its help, its streams, its completion, and what it prints for other programs."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROGRAM = Path(sys.executable).with_name("wps")
FILE = 'project = "shop"\n\napp "web" {\n  deploy {\n    use "team-k8s" {\n%s    }\n  }\n}\n'


def environment(directory: Path) -> dict[str, str]:
    """Give an environment with the example's standards and nothing of the caller's own settings."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("WAYP", "XDG_", "NO_COLOR"))}
    path = f"{PROGRAM.parent}{os.pathsep}{os.environ['PATH']}"
    return {**clean, "HOME": str(directory), "PATH": path, "WAYPAAS_STANDARDS": str(ROOT / "examples" / "standards")}


def shell(directory: Path, command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a line of bash."""
    return subprocess.run(
        ["bash", "-c", command], cwd=directory, env=environment(directory) | environ, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def at_terminal(directory: Path, columns: int, *arguments: str, **environ: str) -> str:
    """Run wps at a terminal and give what it shows."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environ = {"TERM": "xterm", **environ}
    with subprocess.Popen(
        [PROGRAM, *arguments], cwd=directory, env=environment(directory) | environ, stdin=theirs, stdout=theirs,
        stderr=theirs,
    ):  # fmt: skip
        os.close(theirs)
        shown = b""
        try:
            while part := os.read(ours, 65536):
                shown += part
        except OSError:  # the other end is closed
            pass
    os.close(ours)
    return shown.decode().replace("\r\n", "\n")


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A directory with a short waypoint.hcl."""
    (tmp_path / "waypoint.hcl").write_text(FILE % "")
    return tmp_path


def test_the_help_loads_no_command(app: Path) -> None:
    """The help and the version know the commands without their files; no command loads rich or pydantic."""
    for arguments, banned in (
        ("--help", r"wps\.(explain|plan|create)|teamconfig|rich|pydantic|yaml"),
        ("--version", "typer|teamconfig"),
        ("explain", r"rich|pydantic|grpc|wps\.(plan|create)"),
        ("standards check " + str(ROOT / "examples" / "standards"), "rich|pydantic|grpc"),
    ):
        done = shell(app, f"wps {arguments}", PYTHONPROFILEIMPORTTIME="1")
        assert done.returncode == 0
        loaded = [
            line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")
        ]
        assert len(loaded) > 20
        assert [name for name in loaded if re.match(rf"({banned})(\.|$)", name)] == []


def test_exit_codes_are_in_the_help(app: Path) -> None:
    """The help says what each exit code means, and -h is the same as --help."""
    done = shell(app, "wps --help")
    assert all(f" {code} " in " ".join(done.stdout.split()) for code in (0, 1, 2, 75, 130))
    assert shell(app, "wps -h").stdout == done.stdout
    assert shell(app, "wps explain -h").stdout.startswith("Usage: wps explain ")


@pytest.mark.parametrize(
    "command", ["explain", "render --image a/b:1", "standards schema", "--help", "--version", "completion bash"]
)
@pytest.mark.parametrize("closed", [">&-", ">&- 2>&-", ">&- 2>&- <&-"])
def test_a_closed_output(app: Path, command: str, closed: str) -> None:
    """An output that is closed is an error with exit code 1, without a traceback; nothing is written elsewhere."""
    done = shell(app, f"wps {command} {closed}")
    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr
    assert ("the output cannot be written" in done.stderr) == ("2>" not in closed)
    assert [path.name for path in app.iterdir()] == ["waypoint.hcl"]


def test_a_reader_that_leaves(app: Path) -> None:
    """A pipe whose reader has gone ends the program quietly."""
    done = shell(app, "wps standards schema | head -c 1; echo ${PIPESTATUS[0]}")
    assert (done.stdout, done.stderr) == ("{0\n", "")


def test_an_output_that_knows_only_ascii(app: Path) -> None:
    """A terminal without a sign gets its escape, not a traceback."""
    (app / "waypoint.hcl").write_text(FILE % '      env = { A = "grün" }\n')
    done = shell(app, "wps explain env", PYTHONIOENCODING="ascii")
    assert (done.returncode, "gr\\xfcn" in done.stdout, done.stderr) == (0, True, "")


@pytest.mark.parametrize("escape", ["\\ud800", "\\U00110000", "\\UFFFFFFFF"])
@pytest.mark.parametrize(
    "command", ["explain --json", "explain", "render --image a/b:1", "import waypoint waypoint.hcl"]
)
def test_half_a_sign(app: Path, escape: str, command: str) -> None:
    """A number that no sign has is an error with its line, as Waypoint itself refuses it."""
    (app / "waypoint.hcl").write_text(FILE % f'      env = {{ A = "{escape}" }}\n')
    done = shell(app, f"wps {command}")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"no sign has the number {escape[2:]}" in done.stderr
    assert "at waypoint.hcl:6" in done.stderr


def test_bytes_that_are_no_text(app: Path) -> None:
    """Arguments and files that are not UTF-8 are told, not a traceback."""
    done = shell(app, "wps explain $'a\\xff\\x1b' --env $'\\xff'")
    assert (done.returncode, "Traceback" in done.stderr, "\x1b" in done.stderr) == (1, False, False)
    assert shell(app, "wps $'\\xff'").returncode == 2
    (app / "waypoint.hcl").write_bytes(b'project = "\xed\xa0\x80"\n')
    assert "it is not UTF-8" in shell(app, "wps explain").stderr


def test_json_is_json_whatever_is_in_it(app: Path) -> None:
    """Control characters and signs that cannot be seen are escaped as JSON escapes them."""
    (app / "waypoint.hcl").write_text(FILE % '      env = { A = "\\u007f\\u0085\\u00ad\\u202e\\ue000 ü" }\n')
    done = shell(app, "wps explain env --json")
    assert done.stdout.replace("\n", "").isprintable()
    assert json.loads(done.stdout)["values"]["kubernetes.env.A"]["value"] == "\x7f\x85\xad\u202e\ue000 ü"
    items = json.loads(shell(app, "wps render --image a/b:1 --json").stdout)
    assert (items["kind"], "Deployment" in {item["kind"] for item in items["items"]}) == ("List", True)


def test_an_import_as_data(app: Path) -> None:
    """`wps import waypoint --json` gives text, what was left out and what was not mapped, and obeys --write."""
    text = (FILE % "      ports = [{ port = 1 }]\n").replace("team-k8s", "kubernetes")
    (app / "waypoint.hcl").write_text(text)
    done = shell(app, "wps import waypoint waypoint.hcl --json --write")
    data = json.loads(done.stdout)
    assert (done.returncode, data["written"], (app / "waypoint.hcl").read_text() == text) == (1, False, True)
    assert data["problems"][0]["where"] == "waypoint.hcl:6"
    assert 'use "team-k8s"' in data["text"]
    assert json.loads(shell(app, "wps import waypoint waypoint.hcl --json --write --force").stdout)["written"] is True


def test_a_table_fits_the_terminal(app: Path) -> None:
    """At a narrow terminal cells are broken, at a wide one and in a pipe the table is the same, but for its colours."""
    plain = shell(app, "wps explain").stdout
    wide = at_terminal(app, 300, "explain")
    assert "\x1b[1mkey" in wide
    assert re.sub(r"\x1b\[[0-9;]*m", "", wide) == plain
    assert at_terminal(app, 300, "explain", NO_COLOR="1") == plain
    assert at_terminal(app, 300, "explain", TERM="dumb") == plain
    narrow = at_terminal(app, 60, "explain", NO_COLOR="1")
    head, *rows = narrow.splitlines()
    assert head == plain.splitlines()[0]
    assert max(map(len, rows)) <= 60
    assert "\x1b" not in narrow
    assert sorted(re.sub(r"\s", "", narrow)) == sorted(re.sub(r"\s", "", plain)), "nothing is cut off"


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("wps ex", ["explain"]),
        ("wps standards ", ["check", "schema"]),
        ("wps explain --wo", ["--workspace"]),
        ("wps create --inf", ["--infra"]),
        ("wps create --infra ", ["k8s", "ecs"]),
    ],
)
def test_bash_completes(app: Path, words: str, offered: list[str]) -> None:
    """The script that `wps completion bash` prints completes commands, actions, options and values."""
    empty = '""' if words.endswith(" ") else ""
    script = (
        f"source <(wps completion bash); COMP_WORDS=({words}{empty}); "
        'COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _wps_completion wps; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = shell(app, script)
    assert done.stdout.split() == offered, done.stderr


@pytest.mark.parametrize(("name", "sign"), [("zsh", "#compdef wps"), ("fish", "complete --command wps")])
def test_other_shells_get_a_script(app: Path, name: str, sign: str) -> None:
    """There is a script for zsh and fish, and the program answers what it asks."""
    script = shell(app, f"wps completion {name}").stdout
    assert script.startswith(sign)
    asked = {
        "_WPS_COMPLETE": f"complete_{name}",
        "_TYPER_COMPLETE_ARGS": "wps exp",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    assert "explain" in shell(app, "wps", **asked).stdout
    done = shell(app, "wps completion csh")
    assert (done.returncode, "'bash', 'zsh', 'fish'" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("command", "lines"),
    [
        ("render --sequence", ["--sequence needs a value", "  write one behind --sequence", "  see wps render --help"]),
        ("explain --json=1", ["--json takes no value", "  write --json alone", "  see wps explain --help"]),
        ("explain a b", ["unknown argument b", "  remove it", "  see wps explain --help"]),
        ("explain -workspce=x", ["unknown argument -workspce=x", "  write --workspace", "  see wps explain --help"]),
        ("standards", ["no action is named", "  use one of check, schema", "  see wps standards --help"]),
        ("standards check", ["DIR is missing", "  add DIR", "  see wps standards check --help"]),
    ],
)  # fmt: skip
def test_a_wrong_command_line(app: Path, command: str, lines: list[str]) -> None:
    """What is wrong, how to mend it and whose help to read are told, with exit code 2."""
    done = shell(app, f"wps {command}")
    assert (done.returncode, done.stdout, done.stderr.splitlines()) == (2, "", lines)
