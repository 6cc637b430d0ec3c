"""The real `wps create`, in git repositories of its own."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).with_name("wps")
ORG = """\
org: {name: acme, contact: "#platform", environments: [dev, production]}
standards: {kubernetes: {memory: 256Mi, cpu: 100m, namespace: shop}}
rules:
  kubernetes.memory: {max: 1Gi, reason: nodes are small, owner: platform, ask: "#platform"}
"""
PAYMENTS = 'team:\n  owner: "#payments"\n  projects: [shop]\n'
SEARCH = "team:\n  projects: [catalog]\n"
PRODUCTION = """\
standards: {kubernetes: {memory: 512Mi}}
rules:
  kubernetes.cpu: {max: 500m, reason: it is dear, owner: platform, ask: "#platform"}
"""
PLAIN = """\
project = "shop"

app "web" {
  build {
    use "docker" {}
  }
  deploy {
    use "team-k8s" {}
  }
}
"""


def git(folder: Path, *arguments: str) -> None:
    """Run git."""
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def standards(tmp_path: Path) -> Path:
    """Standards of two teams."""
    root = tmp_path / "standards"
    files = {"org.yaml": ORG, "environments/production.yaml": PRODUCTION,
             "teams/payments/team.yaml": PAYMENTS, "teams/search/team.yaml": SEARCH}  # fmt: skip
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.fixture
def repository(tmp_path: Path, standards: Path) -> Path:
    """A repository with a Dockerfile and a remote that is named like the project."""
    root = tmp_path / "checkout"
    root.mkdir()
    git(root, "init", "--quiet")
    git(root, "remote", "add", "origin", "git@github.com:acme/shop.git")
    (root / "Dockerfile").write_text("FROM scratch\n")
    assert standards.is_dir()
    return root


def environment(folder: Path) -> dict[str, str]:
    """Give an environment with nothing of the caller's own settings."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("WAYP", "XDG_", "GIT_"))}
    standards = folder.parent / "standards"
    return {**clean, "HOME": str(folder.parent), "WAYPAAS_STANDARDS": str(standards), "GIT_CEILING_DIRECTORIES": "/"}


def wps(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run wps where nobody can be asked."""
    return subprocess.run(
        [PROGRAM, *arguments], cwd=folder, env=environment(folder) | environ, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def answered(folder: Path, answers: str, *arguments: str) -> tuple[int, str, str]:
    """Run wps at a terminal; give its exit code, stdout, and what the terminal showed."""
    ours, theirs = pty.openpty()
    os.write(ours, answers.encode())
    with subprocess.Popen(
        [PROGRAM, *arguments], cwd=folder, env=environment(folder), stdin=theirs, stdout=subprocess.PIPE, stderr=theirs,
        text=True,
    ) as process:  # fmt: skip
        os.close(theirs)
        out = process.communicate(timeout=120)[0]
    shown = b""
    try:
        while part := os.read(ours, 65536):
            shown += part
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    return process.returncode, out, shown.decode()


def test_it_writes_ten_lines_that_the_other_commands_read(repository: Path) -> None:
    """The file has what is not the standards' to say, and `wps explain` and `wps render` read it."""
    done = wps(repository, "create", "--infra", "k8s", "--name", "web")
    assert done.returncode == 0, done.stderr
    assert (repository / "waypoint.hcl").read_text() == PLAIN
    assert len([line for line in PLAIN.splitlines() if line]) <= 10
    assert done.stdout.startswith(
        "waypoint.hcl: created, project shop of team payments, app web, permitted in dev, prod"
    )
    explained = wps(repository, "explain", "kubernetes.memory", "--env", "production")
    assert (explained.returncode, "512Mi" in explained.stdout) == (0, True)
    assert wps(repository, "render", "--image", "r.example/x:1").returncode == 0
    nowhere = {"KUBECONFIG": str(repository.parent / "none")}
    assert "kubeconfig" in wps(repository, "plan", **nowhere).stderr, "the file is read, then the cluster is missing"
    assert (repository / "waypoint.hcl").stat().st_mode & 0o777 == 0o666 & ~_umask()
    assert sorted(path.name for path in repository.iterdir()) == [".git", "Dockerfile", "waypoint.hcl"]


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_only_what_differs_from_the_standards_is_written(repository: Path) -> None:
    """What the standards give in every environment is left out; what differs in one of them is written."""
    done = wps(repository, "create", "--yes", "--cpu", "0.1", "--memory", "512Mi", "--port", "3000")
    assert done.returncode == 0, done.stderr
    assert (repository / "waypoint.hcl").read_text() == PLAIN.replace('8s" {}', '8s" { memory = "512Mi" }')


def test_sizes_and_the_exposed_port(repository: Path) -> None:
    """A size is CPU and memory; the port is the Dockerfile's; a worker has none."""
    (repository / "Dockerfile").write_text("FROM scratch\nEXPOSE 8080\n")
    assert wps(repository, "create", "--yes", "--resources", "medium").returncode == 0
    text = (repository / "waypoint.hcl").read_text()
    assert 'cpu    = "500m"\n      memory = "512Mi"\n      port   = 8080\n' in text
    assert wps(repository, "create", "--yes", "--worker").returncode == 0
    assert "port   = 0\n" in (repository / "waypoint.hcl").read_text()


@pytest.mark.parametrize(
    ("arguments", "texts"),
    [
        (["--memory", "2Gi"], ["--memory 2Gi is not allowed", "permits at most 1Gi: nodes are small",
                               "write --memory 1Gi, or ask #platform",
                               "at the argument --memory (app.web.deploy.use.memory)"]),
        (["--resources", "large"], ["--resources large, which is cpu 1, is not allowed", "at most 500m: it is dear",
                                    "choose another size, or leave --resources out and write --cpu 500m",
                                    "at the argument --resources large (app.web.deploy.use.cpu), in production"]),
        (["--memory", "lots"], ["--memory lots is not valid", "write --memory", "at the argument --memory"]),
        (["--port", "99999"], ["--port 99999 is not valid", "write --port", "at the argument --port"]),
    ],
)  # fmt: skip
def test_what_the_standards_do_not_permit_is_refused_now(
    repository: Path, arguments: list[str], texts: list[str]
) -> None:
    """A value outside its bounds in any environment is told in the rule's words, and nothing is written."""
    done = wps(repository, "create", "--yes", *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert all(text in done.stderr for text in texts), done.stderr
    assert not (repository / "waypoint.hcl").exists()


def test_again_it_changes_nothing(repository: Path) -> None:
    """A second run says that there is nothing to do, needs no answer, and leaves hand edits and time stamps alone."""
    file = repository / "waypoint.hcl"
    assert wps(repository, "create", "--yes", "--memory", "300Mi").returncode == 0
    file.write_text(file.read_text().replace('use "docker" {}', 'use "docker" { disable_entrypoint = true } # ours'))
    before = (file.read_text(), file.stat().st_mtime_ns)
    for arguments in ((), ("--yes",), ("--memory", "300Mi"), ("--infra", "k8s", "--name", "web")):
        done = wps(repository, "create", *arguments)
        assert (done.returncode, done.stdout.partition(",")[0]) == (0, "waypoint.hcl: nothing to change")
        assert (file.read_text(), file.stat().st_mtime_ns) == before


def test_a_difference_is_shown_and_wants_consent(repository: Path) -> None:
    """Without a terminal and --yes the difference is shown and the file stays; with --yes only the option changes."""
    file = repository / "waypoint.hcl"
    mine = PLAIN.replace("{}\n  }\n}", '{\n      env = { A = "1" } # mine\n    }\n  }\n}')
    file.write_text(mine)
    file.chmod(0o640)
    done = wps(repository, "create", "--memory", "300Mi")
    assert done.returncode == 1
    assert '+      memory = "300Mi"\n' in done.stdout
    assert "\n  add --yes\n" in done.stderr
    assert file.read_text() == mine
    assert wps(repository, "create", "--memory", "300Mi", "--yes").returncode == 0
    assert file.read_text() == mine.replace("      env", '      memory = "300Mi"\n      env')
    assert file.stat().st_mode & 0o777 == 0o640


def test_questions_at_a_terminal(repository: Path) -> None:
    """Who gives no options is asked, with proposals; a wrong answer is asked again; the answers make the file."""
    code, out, shown = answered(repository, "\n\nk9s\nk8s\nsmall\n0\n", "create")
    assert code == 0, shown
    for question in (
        "project [shop]:",
        "app [web]:",
        "infra, k8s or ecs [k8s]:",
        "it is one of k8s, ecs",
        "resources,",
    ):
        assert question in shown
    assert "permitted in dev, production" in out
    text = (repository / "waypoint.hcl").read_text()
    assert 'memory = "128Mi"' in text
    assert "port   = 0" in text
    code, _, shown = answered(repository, "n\n", "create", "--memory", "300Mi")
    assert (code, "you did not agree" in shown, (repository / "waypoint.hcl").read_text()) == (1, True, text)
    assert answered(repository, "y\n", "create", "--memory", "300Mi")[0] == 0
    assert '"300Mi"' in (repository / "waypoint.hcl").read_text()


def test_the_end_of_the_input_ends_the_questions(repository: Path) -> None:
    """Ctrl-D at a question is exit code 130, without a traceback, and nothing is written."""
    code, out, shown = answered(repository, "\x04", "create")
    assert (code, out, "Traceback" in shown) == (130, "", False)
    assert not (repository / "waypoint.hcl").exists()


def test_missing_answers_name_their_options(repository: Path) -> None:
    """Where nobody can be asked, every option that is missing is named at once."""
    done = wps(repository, "create")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "name and infra are not chosen\n"
        "  there is no terminal at which somebody could be asked\n"
        "  give --name web and --infra k8s, or --yes to take that\n"
    )


@pytest.mark.parametrize(
    "remote",
    ["https://user:s3cret@GitHub.com:443/acme/shop.git", "ssh://git@github.com:22/acme/shop", "github.com:acme/shop/"],
)
def test_every_shape_of_a_remote(repository: Path, remote: str) -> None:
    """However the remote is written, it is the same repository; a password in it is shown nowhere."""
    git(repository, "remote", "set-url", "origin", remote)
    done = wps(repository, "create", "--yes", "--json", "--dry-run")
    data = json.loads(done.stdout)
    assert (data["remote"], data["project"]) == ("github.com/acme/shop", "shop")
    assert "s3cret" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "remote", ["ext::sh -c 'touch ran'", "/srv/shop.git", "https://u:s3cret@h/../shop", "--upload-pack=x"]
)
def test_odd_remotes_are_refused(repository: Path, remote: str) -> None:
    """A remote that git could run, that names no host, or that climbs is refused; nothing runs or is written."""
    with (repository / ".git" / "config").open("a") as config:
        config.write(f'[remote "origin"]\n\turl = "{remote}"\n')
    git(repository, "config", "--replace-all", "remote.origin.url", remote)
    done = wps(repository, "create", "--yes")
    assert (done.returncode, done.stdout) == (1, "")
    assert "is not taken" in done.stderr
    assert "s3cret" not in done.stderr
    assert sorted(path.name for path in repository.iterdir()) == [".git", "Dockerfile"]
    assert wps(repository, "create", "--yes", "--remote", "none", "--project", "shop").returncode == 0


def test_without_a_repository_or_remote(repository: Path, tmp_path: Path) -> None:
    """No remote and no repository are told, with the option that does without; then the project has to be named."""
    git(repository, "remote", "remove", "origin")
    assert "has no remote origin" in wps(repository, "create", "--yes").stderr
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "go.mod").write_text("module x\n")
    done = wps(plain, "create", "--yes")
    assert "it is in no git repository" in done.stderr
    assert "--remote none" in done.stderr
    assert "project is not chosen\n" in wps(plain, "create", "--yes", "--remote", "none").stderr
    assert wps(plain, "create", "--yes", "--remote", "none", "--project", "shop").returncode == 0
    assert 'use "pack" {}' in (plain / "waypoint.hcl").read_text()
    missing = wps(plain, "create", "--yes", PATH="/nowhere")
    assert "git is not installed" in missing.stderr


def test_a_project_of_no_team(repository: Path, standards: Path) -> None:
    """Who may add it is told, and with the team the very line."""
    git(repository, "remote", "set-url", "origin", "git@github.com:acme/New_Thing.git")
    done = wps(repository, "create", "--yes")
    assert done.returncode == 1
    assert done.stderr.startswith('project "new-thing" belongs to no team\n')
    assert "--team" in done.stderr
    named = wps(repository, "create", "--yes", "--team", "payments")
    assert "change team.projects to: projects: [shop, new-thing]" in named.stderr
    assert f"at {standards}/teams/payments/team.yaml:3\n" in named.stderr
    other = wps(repository, "create", "--yes", "--team", "search", "--project", "shop")
    assert 'project "shop" is not of team search' in other.stderr
    assert "write --team search" in wps(repository, "create", "--yes", "--team", "serch").stderr
    assert not (repository / "waypoint.hcl").exists()


def test_the_build(repository: Path, standards: Path) -> None:
    """An image that is there needs no build; a registry of the standards is pushed to; nothing to build is an error."""
    (repository / "Dockerfile").unlink()
    done = wps(repository, "create", "--yes")
    assert "nothing tells how web is built" in done.stderr
    assert wps(repository, "create", "--yes", "--image", "r.example/a:1", "--file", "one.hcl").returncode == 0
    assert 'use "team-k8s" { image = "r.example/a:1" }' in (repository / "one.hcl").read_text()
    (repository / "Dockerfile").write_text("FROM scratch\n")
    (standards / "org.yaml").write_text(ORG.replace("standards: {", "standards: {registry: {url: r.example}, "))
    assert wps(repository, "create", "--yes", "--file", "two.hcl").returncode == 0
    assert 'image = "r.example/shop/web"\n        tag   = gitrefpretty()\n' in (repository / "two.hcl").read_text()
    assert wps(repository, "explain", "--file", "two.hcl").returncode == 0


def test_as_data_and_as_a_rehearsal(repository: Path) -> None:
    """--json prints one document and nothing else on stdout; --dry-run writes nothing and shows what it would."""
    done = wps(repository, "create", "--yes", "--json", "--dry-run")
    data = json.loads(done.stdout)
    assert (data["action"], data["written"], data["text"], data["team"]) == ("created", False, PLAIN, "payments")
    assert data["environments"] == ["dev", "production"]
    assert '+project = "shop"\n' in wps(repository, "create", "--yes", "--dry-run").stdout
    assert not (repository / "waypoint.hcl").exists()
    assert json.loads(wps(repository, "create", "--yes", "--json").stdout)["written"] is True
    assert json.loads(wps(repository, "create", "--yes", "--json").stdout)["action"] == "unchanged"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--worker", "--port", "80"], "--worker is not allowed: not together with --port"),
        (["--resources", "small", "--memory", "1Gi"], "--resources is not allowed: not together with --memory"),
        (["--resources", "huge"], "'small', 'medium', 'large'"),
        (["--infra", "k9s"], "'k8s', 'ecs'"),
        (["--prot", "80"], "write --port"),
    ],
)
def test_a_wrong_command_line(repository: Path, arguments: list[str], text: str) -> None:
    """What cannot be meant is exit code 2, and names the option."""
    done = wps(repository, "create", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert text in done.stderr
    assert done.stderr.endswith("see wps create --help\n")


def test_a_name_that_will_not_do(repository: Path) -> None:
    """A name that could steer anything is refused, whoever gives it, and shown harmlessly."""
    for option in ("--name", "--project"):
        done = wps(repository, "create", "--yes", option, "a\x1b[2J/../b")
        assert (done.returncode, "is not allowed" in done.stderr, "\x1b" in done.stderr) == (1, True, False)
    readonly = wps(repository, "create", "--yes", "--file", "/proc/x/waypoint.hcl")
    assert (readonly.returncode, "Traceback" in readonly.stderr) == (1, False)


def test_an_app_beside_another(repository: Path) -> None:
    """A second app is added by its name; which of two is meant is not guessed, nor a project of a variable."""
    file = repository / "waypoint.hcl"
    file.write_text("# ours\n" + PLAIN)
    assert wps(repository, "create", "--yes", "--name", "mailer", "--worker").returncode == 0
    text = file.read_text()
    assert text.startswith("# ours\n" + PLAIN)
    assert 'app "mailer" {' in text
    assert wps(repository, "explain", "--app", "mailer").returncode == 0
    done = wps(repository, "create", "--yes")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (1, "  give --name NAME")
    file.write_text(PLAIN.replace('"shop"', "var.project"))
    done = wps(repository, "create", "--yes")
    assert (done.returncode, "var.project is no name that is known" in done.stderr) == (1, True)


def test_windows_line_ends_stay(repository: Path) -> None:
    """A file whose lines end in CR LF still does so when an option is added."""
    (repository / "waypoint.hcl").write_bytes(PLAIN.replace("\n", "\r\n").encode())
    assert wps(repository, "create", "--yes").stdout.startswith("waypoint.hcl: nothing to change")
    assert wps(repository, "create", "--yes", "--memory", "300Mi").returncode == 0
    written = (repository / "waypoint.hcl").read_bytes()
    assert b'{ memory = "300Mi" }\r\n' in written
    assert written.count(b"\n") == written.count(b"\r\n")


def test_ecs(repository: Path) -> None:
    """On ECS the same file deploys with team-ecs, with sizes that Fargate sells."""
    done = wps(repository, "create", "--yes", "--infra", "ecs", "--resources", "small")
    assert done.returncode == 0, done.stderr
    assert 'use "team-ecs" {}' in (repository / "waypoint.hcl").read_text(), "small is the standard there"
    assert wps(repository, "explain", "ecs.memory").returncode == 0
