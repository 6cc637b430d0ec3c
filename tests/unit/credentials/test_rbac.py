"""Manifests of rights: allow-lists without patterns, the example's rules, and no namespace for two owners."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from teamconfig import StandardsError, reading
from teamconfig.credentials import __main__ as command
from teamconfig.credentials import names, rbac
from teamconfig.credentials.names import ActionClass

if TYPE_CHECKING:
    from teamconfig.tree import Tree

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "02-deployer-rights" / "rbac.yaml"
ORG = """
org:
  name: acme
  contact: '#platform'
  environments: [dev, staging, production]
  protected: [production]
"""
TEAM = "team: {projects: [%s], owner: '#%s'}\n"


def tree(namespace: str = "", **more: str) -> Tree:
    """Build a tree of two teams.

    Args:
        namespace: kubernetes.namespace of the whole company.
        **more: Content of further files; "__" in a name stands for "/".
    """
    standard = f"standards: {{kubernetes: {{namespace: '{namespace}'}}}}\n" if namespace else ""
    files = {
        "org.yaml": ORG + standard,
        "teams/payments/team.yaml": TEAM % ("shop", "payments"),
        "teams/search/team.yaml": TEAM % ("find", "search"),
    }
    files |= {name.replace("__", "/") + ".yaml": text for name, text in more.items()}
    return reading.tree({name: text.encode() for name, text in files.items()}, revision="dir:test", origin="test")


def of_kind(made: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """Give the manifests of a kind."""
    return [each for each in made if each["kind"] == kind]


def test_the_deployer_has_what_the_example_shows() -> None:
    """The class for deploys has exactly the rights of examples/02-deployer-rights, which are tested to be enough."""
    (role,) = [
        each for each in yaml.safe_load_all(EXAMPLE.read_text()) if each["metadata"]["name"] == "waypaas-deployer"
    ]
    shown = {
        (group, resource, verb)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    assert rbac.rights(ActionClass.DEPLOY) == shown


def test_reading_changes_nothing() -> None:
    """The class for reading has no verb that changes anything, and no secret."""
    assert {verb for _, _, verb in rbac.rights(ActionClass.READ)} <= {"get", "list", "watch"}
    assert not any("secret" in resource for _, resource, _ in rbac.rights(ActionClass.READ))


def test_nothing_is_a_pattern_and_no_shell_is_given() -> None:
    """No rule has a "*", and only the class for exec names a way into a container, in open environments."""
    made = rbac.manifests(tree())
    for role in of_kind(made, "Role"):
        assert "*" not in json.dumps(role["rules"])
        named = {resource for rule in role["rules"] for resource in rule["resources"]}
        if role["metadata"]["name"] == "waypaas-exec":
            assert named & set(rbac.SHELLS) == {"pods/exec"}
            assert not role["metadata"]["namespace"].endswith("-production")
        elif role["metadata"]["name"] != "waypaas-issuer":
            assert not named & set(rbac.SHELLS)


def test_every_team_and_environment_has_its_accounts() -> None:
    """Each team has an account for each class in each environment, and none for exec in a protected one."""
    found = {each["metadata"]["name"] for each in of_kind(rbac.manifests(tree()), "ServiceAccount")}
    expected = {
        f"{team}.{environment}.{kind}"
        for team in ("payments", "search")
        for environment in ("dev", "staging", "production")
        for kind in ("read", "deploy", "exec")
    }
    assert found == expected - {"payments.production.exec", "search.production.exec"}


def test_accounts_live_apart_from_pods() -> None:
    """Accounts are in the namespace of rights, so that no pod of a team can run as one; bindings lead there."""
    made = rbac.manifests(tree())
    assert {each["metadata"]["namespace"] for each in of_kind(made, "ServiceAccount")} == {names.RIGHTS_NAMESPACE}
    for binding in of_kind(made, "RoleBinding"):
        (subject,) = binding["subjects"]
        if binding["metadata"]["name"] != "waypaas-issuer":
            assert subject["namespace"] == names.RIGHTS_NAMESPACE
            assert binding["metadata"]["namespace"].startswith(subject["name"].split(".")[0])


def test_the_service_may_make_tokens_and_nothing_else() -> None:
    """The service's own rights are tokens and leases in the namespace of rights; it may not even read a pod."""
    (role,) = [each for each in of_kind(rbac.manifests(tree()), "Role") if each["metadata"]["name"] == "waypaas-issuer"]
    assert role["metadata"]["namespace"] == names.RIGHTS_NAMESPACE
    assert role["rules"] == [
        {"apiGroups": [""], "resources": ["serviceaccounts/token"], "verbs": ["create"]},
        {"apiGroups": [""], "resources": ["secrets"], "verbs": ["create", "list", "delete"]},
    ]


def test_namespaces_follow_the_standards() -> None:
    """The namespaces are those that the standards give each app, with the words filled in."""
    own = "standards: {kubernetes: {namespace: ledger-prod}}\n"
    more = {"teams__payments__apps__shop__ledger__environments__production": own}
    made = rbac.manifests(tree("{team}-{environment}", **more), environments=["production"], service_account="")
    found = {each["metadata"]["name"]: each["metadata"]["labels"] for each in of_kind(made, "Namespace")}
    assert found.keys() == {"waypaas-rights", "payments-production", "search-production", "ledger-prod"}
    assert found["ledger-prod"][names.TEAM_LABEL] == "payments"
    assert found["ledger-prod"][names.PROTECTED_LABEL] == "true"


def test_namespaces_by_app_are_known_for_known_apps() -> None:
    """Where a namespace has the app's name, the apps that the standards mention have theirs, and there is no other."""
    more = {"teams__payments__apps__shop__web__app": "standards: {kubernetes: {replicas: 1}}\n"}
    made = rbac.manifests(tree("{app}-{environment}", **more), environments=["dev"])
    assert {each["metadata"]["name"] for each in of_kind(made, "Namespace")} == {"waypaas-rights", "web-dev"}


@pytest.mark.parametrize(
    ("namespace", "told"),
    [
        ("{environment}", "would reach each other's pods"),
        ("{team}", "who may exec in dev, staging could in production too"),
        ("waypaas-rights", "it holds the service accounts of all teams"),
    ],
)
def test_shared_namespaces_are_refused(namespace: str, told: str) -> None:
    """No namespace may belong to two teams, to a protected environment and another, or hold the accounts too."""
    with pytest.raises(StandardsError) as caught:
        rbac.manifests(tree(namespace))
    assert told in str(caught.value)


def test_apart_clusters_may_use_one_name() -> None:
    """A namespace of the same name on another cluster is another one: environments are looked at per cluster."""
    for environments in (["production"], ["dev", "staging"]):
        assert rbac.manifests(tree("{team}"), environments=environments)


def test_the_same_standards_give_the_same_manifests() -> None:
    """Manifests are the same each time, none twice, so that they can be kept in git."""
    made = rbac.manifests(tree("{team}-{environment}"))
    assert made == rbac.manifests(tree("{team}-{environment}"))
    keys = [(each["kind"], each["metadata"]["name"], each["metadata"].get("namespace")) for each in made]
    assert len(keys) == len(set(keys))


def test_the_command_prints_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`python -m teamconfig.credentials` prints the manifests of a directory, and says what is wrong with a bad one."""
    (tmp_path / "teams/payments").mkdir(parents=True)
    (tmp_path / "org.yaml").write_text(ORG)
    (tmp_path / "teams/payments/team.yaml").write_text(TEAM % ("shop", "payments"))
    assert command.main([str(tmp_path), "dev"]) == 0
    made = list(yaml.safe_load_all(capsys.readouterr().out))
    assert {each["metadata"]["name"] for each in of_kind(made, "Namespace")} == {"waypaas-rights", "payments-dev"}
    assert command.main([str(tmp_path / "none")]) == 1
    assert str(tmp_path / "none") in capsys.readouterr().err


def test_an_unknown_environment_is_refused() -> None:
    """A mistyped environment gives no manifests: they would be those of an unprotected one."""
    with pytest.raises(StandardsError, match="unknown environment prodution") as caught:
        rbac.manifests(tree(), environments=["prodution"])
    assert "write production" in str(caught.value)
