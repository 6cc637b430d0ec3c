"""What the documents of the service say, held against the code: keys, defaults, examples, commands."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from teamconfig.credentials import config as clouds
from teamconfig.credentials import names, sessionpolicy
from teamconfig.identity import providers
from teamconfig.service import config, keys
from teamconfig.state import locks

if TYPE_CHECKING:
    from pathlib import Path

CERTIFICATE = "-----BEGIN CERTIFICATE-----\n"
DEPLOY = "deploy/README.md"
IDENTITY = "docs/service/identity-providers.md"
README = "docs/service/README.md"
CREDENTIALS = "docs/service/credentials.md"
OVERLAY = "deploy/overlays/example"
ROW = re.compile(r"^\| (.+?) \|(.*)\|$")


def section(text: str, heading: str) -> str:
    """Give what stands below a heading, up to the next one."""
    _, found, rest = text.partition(f"\n{heading}\n")
    assert found, heading
    return re.split(r"^#+ ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def table(text: str) -> dict[str, list[str]]:
    """Give the cells of the first table of a text by what stands between backticks in the first column."""
    rows: dict[str, list[str]] = {}
    for line in text.splitlines():
        match = ROW.match(line)
        for name in re.findall(r"`([^`]+)`", match[1]) if match else ():
            rows[name] = [cell.strip() for cell in re.split(r"(?<!\\)\|", match[2])] if match else []
    return rows


def blocks(text: str, language: str) -> list[str]:
    """Give the fenced blocks of a language."""
    return re.findall(rf"^ *```{language}\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)


def commands(text: str, program: str) -> list[str]:
    """Give the commands of a program in fenced blocks, in their order."""
    lines = [line.strip() for block in blocks(text, "sh") for line in block.splitlines()]
    return [line for line in lines if line.startswith(f"{program} ")]


def default(field: dataclasses.Field[Any]) -> str:
    """Write a field's default as the documents do; empty for what the documents describe in words."""
    if field.default is dataclasses.MISSING:
        return "required"
    if isinstance(field.default, tuple):
        return f"`[{', '.join(field.default)}]`"
    return f"`{str(field.default).lower()}`" if field.default != "" else ""


def read(text: str, place: Path) -> config.Config:
    """Read a service.yaml as the service does, every room its part."""
    path = place / "service.yaml"
    path.write_text(text)
    found = config.read(path)
    providers.read(found.providers, str(path))
    clouds.read(found.clusters, found.accounts, path)
    return found


def test_keys_of_service_yaml(root: Path) -> None:
    """The table of service.yaml has each key that the service knows, and no other one."""
    assert sorted(table(section((root / README).read_text(), "## service.yaml"))) == sorted(config._KEYS)


@pytest.mark.parametrize("kind", providers.KINDS)
def test_keys_of_a_provider(root: Path, kind: str) -> None:
    """The table of a kind of provider has each key that the kind takes, in order, with its default."""
    rows = table(section((root / README).read_text(), f"### Keys of kind `{kind}`"))
    fields = dataclasses.fields(providers.KINDS[kind])
    assert list(rows) == [field.name for field in fields]
    told = {field.name: default(field) for field in fields}
    assert {name: text for name, text in told.items() if text and rows[name][-1] != text} == {}
    assert [name for name, text in told.items() if not text and rows[name][-1] == "required"] == []


def test_words_of_a_provider(root: Path) -> None:
    """Settings that take one of a few words have each word in their row."""
    text = (root / README).read_text()
    rows = {name: cells for kind in providers.KINDS for name, cells in
            table(section(text, f"### Keys of kind `{kind}`")).items()}  # fmt: skip
    lacking = [word for name, words in providers.WORDS.items() for word in words if f"`{word}`" not in rows[name][0]
               and word]  # fmt: skip
    assert lacking == []
    assert all(issuer in rows["issuer"][-1] for issuer in providers.ISSUERS.values())


def test_the_whole_example(root: Path, tmp_path: Path) -> None:
    """The example service.yaml is read without a problem, and shows a provider of each kind."""
    (text,) = blocks(section((root / README).read_text(), "## service.yaml"), "yaml")
    found = read(text, tmp_path)
    assert {one["kind"] for one in found.providers} == set(providers.KINDS)
    assert found.certificate == tmp_path / "tls" / "server.crt"


def test_examples_of_providers(root: Path) -> None:
    """Each example on the page about identity providers is a list of providers that the service takes."""
    text = (root / IDENTITY).read_text()
    found = [block for block in blocks(text, "yaml") if block.startswith("- name: ")]
    for block in found:
        providers.read(yaml.safe_load(block), IDENTITY)
    assert len(found) == text.count("\n```yaml\n- name: ")
    assert len(found) > len(providers.KINDS)


def test_numbers_of_a_provider(tmp_path: Path) -> None:
    """A number in service.yaml reaches the provider as one, and a file is looked for beside service.yaml."""
    text = """
        {listen: "127.0.0.1:7443", tls: "off", standards: here, providers:
         [{name: ad, kind: directory, url: "ldaps://dc1.corp.example", most_groups: 500, ca: ad.pem}]}"""
    (found,) = providers.read(read(text, tmp_path).providers, str(tmp_path / "service.yaml"))
    assert isinstance(found, providers.DirectorySettings)
    assert (found.most_groups, found.ca) == (500, str(tmp_path / "ad.pem"))


def test_clusters_and_accounts(root: Path, tmp_path: Path) -> None:
    """The example of clusters and accounts has each key of theirs, and is taken as it stands."""
    (text,) = blocks(section((root / CREDENTIALS).read_text(), "## Where: `clusters` and `accounts` in service.yaml"),
                     "yaml")  # fmt: skip
    (tmp_path / "main-ca.pem").write_text(CERTIFICATE)
    found = yaml.safe_load(text)
    clouds.read(found["clusters"], found["accounts"], tmp_path / "service.yaml")
    assert set(found["clusters"]["main"]) == set(clouds._CLUSTER_KEYS)
    assert set(found["accounts"]["production"]) == set(clouds._ACCOUNT_KEYS)


def test_kinds_of_locks(root: Path) -> None:
    """The table of locks has each kind that can be locked."""
    assert list(table(section((root / README).read_text(), "## Locks"))) == list(locks.KINDS)


def test_the_end_of_an_aws_session(root: Path) -> None:
    """The statement that ends a session is the code's, and the command prints the source identity that STS was told."""
    text = section((root / CREDENTIALS).read_text(), "## AWS")
    (statement,) = blocks(text, "json")
    named = json.loads(statement)["Condition"]["StringEquals"]["aws:SourceIdentity"]
    assert json.loads(statement) == sessionpolicy.lock_statement(named)
    (command,) = commands(text, "printf")
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True).stdout.strip()
    assert done == names.source_identity(re.findall(r"'([^']*\|[^']*)'", command)[0])
    assert len(done) == len(named[0])


def test_standards_are_checked_twice(root: Path) -> None:
    """Wherever `wps standards check` is shown as a step, `wps policy test` comes right after it."""
    for name in ("README.md", "docs/standards.md"):
        lines = [line.split("#")[0].split() for line in (root / name).read_text().splitlines()]
        (first,) = [number for number, words in enumerate(lines) if words[:3] == ["wps", "standards", "check"]]
        assert lines[first + 1] == ["wps", "policy", "test", lines[first][3]], name


def test_the_overlay(root: Path, tmp_path: Path) -> None:
    """The example overlay names files that exist and the base's image, and the service reads its service.yaml."""
    overlay = root / OVERLAY
    found = yaml.safe_load((overlay / "kustomization.yaml").read_text())
    named = [name for made in found["configMapGenerator"] for name in made["files"]]
    named += [patch["path"] for patch in found["patches"]]
    assert {*named, "kustomization.yaml"} == {path.name for path in overlay.iterdir()}
    assert [(overlay / name / "kustomization.yaml").is_file() for name in found["resources"]] == [True]
    text = (root / "deploy/base/deployment.yaml").read_text()
    assert {image["name"] for image in found["images"]} == set(re.findall(r"image: (\S+)", text))
    used = read((overlay / "service.yaml").read_text(), tmp_path)
    authority = used.database.partition("sslrootcert=")[2]
    for path in (authority, used.providers[0]["ca"], str(used.checkpoints / "x"), str(used.state_directory)):
        assert f"mountPath: {path.rpartition('/')[0]}" in text, path


def test_secrets_are_made(root: Path) -> None:
    """Each Secret and ConfigMap that the pods mount is made by a command of the README, behind the namespace's own."""
    spec = yaml.safe_load((root / "deploy/base/deployment.yaml").read_text())["spec"]["template"]["spec"]
    wanted = {volume["secret"]["secretName"] for volume in spec["volumes"] if "secret" in volume}
    wanted |= {volume["configMap"]["name"] for volume in spec["volumes"] if volume.get("configMap", {}).get("optional")}
    made = commands((root / DEPLOY).read_text(), "kubectl")
    creating = [line.split() for line in made if " create " in line]
    assert {words[words.index("-n") - 1] for words in creating} == wanted
    assert made[0] == "kubectl apply --server-side -f deploy/base/namespace.yaml"
    given = {word.removeprefix("--from-file=").partition("=")[0] for words in creating for word in words[6:]}
    mounts = {word.rpartition("/")[2] for word in re.findall(r"/run/secrets/waypaas/[\w/.-]+", json.dumps(spec))}
    assert {word for word in mounts if "." in word or word.startswith(("ssh", "known", "config"))} <= given


def test_keys_are_made(root: Path, tmp_path: Path) -> None:
    """The commands of the README make keys that the service takes, and a password without a line break."""
    text = (root / DEPLOY).read_text()
    for command in (*commands(text, "openssl"), *commands(text, "head")):
        subprocess.run(["sh", "-euc", command], cwd=tmp_path, check=True, capture_output=True)
    for path in tmp_path.iterdir():
        path.chmod(0o600)
    assert keys.public_bytes(keys.signing(tmp_path)) != keys.audit(tmp_path)
    assert re.fullmatch(rb"[0-9a-f]{64}", (tmp_path / "password").read_bytes())
    assert {path.name for path in tmp_path.iterdir()} == {"signing.key", "audit.key", "password"}


def test_the_image_has_what_git_runs(root: Path) -> None:
    """The image has ssh and ssh-keygen, which git runs for git+ssh:// and for signed commits."""
    assert " openssh-client" in (root / "deploy/Containerfile").read_text()


def test_paths_of_the_steps(root: Path) -> None:
    """Each path below deploy/ that a step names is there, or is the copy that a step before has made."""
    text = (root / DEPLOY).read_text()
    (copy,) = commands(text, "cp")
    source, made = copy.split()[-2:]
    named = set(re.findall(r"(?<![\w(./])deploy/[\w/.-]+", "\n".join(blocks(text, "sh")))) - {made}
    assert source in named
    assert [name for name in named if not (root / name).exists()] == []
