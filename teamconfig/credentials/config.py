"""Sections `clusters` and `accounts` of service.yaml, read and checked, every problem at once. Pure.

The files that they name are not opened, but for a certificate authority's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from teamconfig import errors
from teamconfig.credentials.places import Account, Cluster
from teamconfig.errors import Problem, StandardsError
from teamconfig.keys import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

_CLUSTER_KEYS = ("environments", "kubeconfig", "context", "server", "certificate_authority")
_ACCOUNT_KEYS = (
    "id", "environments", "role", "external_id", "sts_region", "sts_endpoint", "profile", "partition",
)  # fmt: skip
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_ENVIRONMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
_URL = re.compile(r"https://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~/-]*)?")
_LOCAL = re.compile(r"http://(127\.0\.0\.1|localhost)(:[0-9]+)?")
_TEMPLATE = re.compile(r"(?:[A-Za-z0-9_+=,.@:/-]|\{team\}|\{environment\})*")
_APART = re.compile(r"\{team\}[^{]*[./+=,@][^{]*\{environment\}|\{environment\}[^{]*[./+=,@][^{]*\{team\}")


@dataclass(frozen=True, slots=True)
class Clouds:
    """Where credentials come from.

    Args:
        clusters: Kubernetes clusters, in the order of the file.
        accounts: AWS accounts, in the order of the file.
    """

    clusters: tuple[Cluster, ...] = ()
    accounts: tuple[Account, ...] = ()

    def cluster(self, environment: str) -> Cluster:
        """Find the cluster of an environment.

        Args:
            environment: One of the company's.

        Returns:
            The first that names it, else the first that names none.

        Raises:
            StandardsError: There is none (kind missing).
        """
        for found in sorted(self.clusters, key=lambda each: not each.environments):
            if not found.environments or environment in found.environments:
                return found
        raise _nowhere("cluster", "clusters", environment)

    def account(self, environment: str, account_id: str = "") -> Account:
        """Find the AWS account of an environment.

        Args:
            environment: One of the company's.
            account_id: That the standards name; empty if they name none.

        Returns:
            Of those with this id, if one is given, the first that names the environment, else that names none.

        Raises:
            StandardsError: There is none (kind missing).
        """
        for found in sorted(self.accounts, key=lambda each: not each.environments):
            fits = not found.environments or environment in found.environments
            if fits and account_id in {"", found.id}:
                return found
        raise _nowhere(f"AWS account {account_id}".rstrip(), "accounts", environment)


def _nowhere(what: str, section: str, environment: str) -> StandardsError:
    return errors.missing(
        f"there is no {what} for environment {environment}",
        f"no entry under {section} of service.yaml is for it",
        f"ask the platform team to add it to {section}",
        "service.yaml",
    )


def read(clusters: Any, accounts: Any, path: Path) -> Clouds:
    """Read both sections.

    Args:
        clusters: What stands under `clusters`: a map by name; values are texts or lists of texts.
        accounts: What stands under `accounts`, likewise.
        path: Of service.yaml, which relative paths start from.

    Returns:
        The clouds.

    Raises:
        StandardsError: Something is wrong (kind state); carries every problem.
    """
    reader = _Reader(path)
    found = Clouds(
        tuple(reader.cluster(name, each) for name, each in reader.section("clusters", clusters, _CLUSTER_KEYS)),
        tuple(reader.account(name, each) for name, each in reader.section("accounts", accounts, _ACCOUNT_KEYS)),
    )
    if reader.problems:
        raise StandardsError(reader.problems, f"{len(reader.problems)} problems with {path}")
    return found


class _Reader:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[Problem] = []

    def refuse(self, key: str, what: str, why: str, fix: str) -> None:
        self.problems.append(Problem(what, why, fix, f"{self.path}, {key}"))

    def section(self, name: str, value: Any, keys: tuple[str, ...]) -> list[tuple[str, Mapping[str, Any]]]:
        if value in (None, "", [], {}):
            return []
        if not isinstance(value, dict):
            self.refuse(name, f"{name} is not a map", "it holds each by its name", f"write {name}: {{NAME: ...}}")
            return []
        found: list[tuple[str, Mapping[str, Any]]] = []
        for each, values in value.items():
            key = f"{name}.{each}"
            if not isinstance(each, str) or not _NAME.fullmatch(each):
                self.refuse(
                    key, f"name {each!r} is not allowed", "it is lower case letters, digits and '-'", "rename it"
                )
            elif not isinstance(values, dict | None):
                self.refuse(key, f"{key} is not a map of keys", "it holds keys and values", "indent keys below it")
            else:
                found.append((each, values or {}))
                for unknown in (values or {}).keys() - set(keys):
                    close = nearest(str(unknown), keys)
                    fix = f"write {close}" if close else f"use one of {', '.join(keys)}"
                    self.refuse(key, f"unknown key {unknown}", f"{name} have no such key", fix)
        return found

    def text(self, holder: str, values: Mapping[str, Any], key: str, shape: re.Pattern[str], why: str,
             preset: str = "") -> str:  # fmt: skip
        value = values.get(key)
        if value is None:
            return preset
        if isinstance(value, str) and (not value or shape.fullmatch(value)):
            return value
        shown = repr(value) if isinstance(value, str) else "what stands there"
        self.refuse(f"{holder}.{key}", f"{key}: {shown} is not allowed", why, f"mend {key}")
        return preset

    def environments(self, holder: str, values: Mapping[str, Any]) -> tuple[str, ...]:
        value = values.get("environments")
        if value is None:
            return ()
        if isinstance(value, list) and all(isinstance(each, str) and _ENVIRONMENT.fullmatch(each) for each in value):
            return tuple(value)
        why = "it is a list of the company's environments"
        self.refuse(f"{holder}.environments", "environments is not a list of names", why, "write environments: [dev]")
        return ()

    def url(self, holder: str, values: Mapping[str, Any], key: str) -> str:
        shape = re.compile(f"{_URL.pattern}|{_LOCAL.pattern}")
        return self.text(holder, values, key, shape, "it is an https:// address without user and query")

    def cluster(self, name: str, values: Mapping[str, Any]) -> Cluster:
        holder = f"clusters.{name}"
        anything = re.compile(r"[^\x00-\x1f]+")
        kubeconfig = self.text(holder, values, "kubeconfig", anything, "it is the path of a file")
        context = self.text(holder, values, "context", anything, "it is the name of a context")
        if context and not kubeconfig:
            self.refuse(
                holder, f"context: {context} is not allowed", "only a kubeconfig has contexts", "add kubeconfig"
            )
        return Cluster(
            name=name,
            environments=self.environments(holder, values),
            kubeconfig=str((self.path.parent / Path(kubeconfig).expanduser()).absolute()) if kubeconfig else "",
            context=context,
            server=self.url(holder, values, "server"),
            certificate_authority=self.authority(holder, values),
        )

    def authority(self, holder: str, values: Mapping[str, Any]) -> str:
        why = "it is the path of a PEM file"
        name = self.text(holder, values, "certificate_authority", re.compile(r"[^\x00-\x1f]+"), why)
        if not name:
            return ""
        path = self.path.parent / Path(name).expanduser()
        try:
            text = path.read_text(encoding="ascii")
        except (OSError, ValueError):
            text = ""
        if "-----BEGIN CERTIFICATE-----" not in text or "PRIVATE KEY" in text:
            where = f"{holder}.certificate_authority"
            self.refuse(
                where, f"{path} holds no certificate authority", f"{why}, of certificates alone", "mend the path"
            )
            return ""
        return text

    def account(self, name: str, values: Mapping[str, Any]) -> Account:
        holder = f"accounts.{name}"
        identity = self.text(holder, values, "id", re.compile(r"[0-9]{12}"), "an account's id has twelve digits")
        if not identity and "id" not in values:
            self.refuse(holder, "id is missing", "an account is known by its twelve digits", "write id: '111122223333'")
        placed = "it is plain, but for {team} and {environment}"
        region = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]")
        return Account(
            name=name,
            id=identity,
            environments=self.environments(holder, values),
            role=self.role(holder, values, placed),
            external_id=self.text(holder, values, "external_id", _TEMPLATE, placed, "waypaas:{team}"),
            sts_region=self.text(holder, values, "sts_region", region, "it is a region like eu-west-1", "us-east-1"),
            sts_endpoint=self.url(holder, values, "sts_endpoint"),
            profile=self.text(holder, values, "profile", re.compile(r"[^\x00-\x1f]+"), "it is the name of a profile"),
            partition=self.text(
                holder, values, "partition", re.compile(r"aws(-[a-z]+)*"), "it is aws, aws-cn or aws-us-gov", "aws"
            ),
        )

    def role(self, holder: str, values: Mapping[str, Any], why: str) -> str:
        role = self.text(holder, values, "role", _TEMPLATE, why)
        if role and not _APART.search(role):
            reason = "teams or environments could share a role, and with it each other's rights"
            fix = "use both {team} and {environment}, with one of . / + = , @ between them"
            self.refuse(f"{holder}.role", f"role: {role!r} is not allowed", reason, fix)
        return role
