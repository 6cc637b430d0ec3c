"""Rewriting waypoint.hcl from the builtin kubernetes to team-k8s: what options become, and where they go."""

from __future__ import annotations

import re
from textwrap import dedent, indent
from typing import TYPE_CHECKING, Any

import pytest

from teamconfig import resolve
from teamconfig.store import directory
from wps import hclfile
from wps.migration import rewrite

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from wps.migration.rewrite import Rewritten


def imported(deploy: str, release: str = "", profiles: tuple[Mapping[str, Any], ...] = ()) -> Rewritten:
    """Import an app with these options in its deploy stanza, and in its release stanza if there are any."""
    text = 'app "web" {\n'
    for stage, body in (("deploy", deploy), ("release", release)):
        if body or stage == "deploy":
            inner = indent(dedent(body).strip("\n") + "\n", " " * 6) if body else ""
            text += f'  {stage} {{\n    use "kubernetes" {{\n{inner}    }}\n  }}\n'
    return rewrite.file(text + "}\n", "waypoint.hcl", lambda _app, _workspace: profiles)


def options(done: Rewritten) -> str:
    """Give what stands in the team-k8s of an imported app; empty if nothing does."""
    found = re.fullmatch(
        r'app "web" \{\n  deploy \{\n    use "team-k8s" \{(?:\n(.*))?\s*\}\n  \}\n\}\n', done.text, re.DOTALL
    )
    assert found is not None, done.text
    return dedent(found[1] or "").strip("\n ")


GOLDEN = {
    "nothing": ("", "", ""),
    "expressions": (
        "namespace = var.namespace\nreplicas = var.n * 2 # twice\nservice_port=8080",
        "",
        "namespace = var.namespace\nreplicas  = var.n * 2 # twice\nport      = 8080",
    ),
    "names": (
        'image_secret = "pull"\nstatic_environment = {\n  A = "1"\n}\n',
        "",
        'image_pull_secret = "pull"\nenv = {\n  A = "1"\n}',
    ),
    "resources by block": (
        'cpu {\n  request = "100m"\n  limit = "1"\n}\nmemory {\n  request = "64Mi"\n  limit = "128Mi"\n}',
        "",
        'cpu            = "100m"\ncpu_limit      = "1"\nmemory_request = "64Mi"\nmemory         = "128Mi"',
    ),
    "one of request and limit": (
        'cpu {\n  limit = "1"\n}\nmemory {\n  request = "64Mi"\n}',
        "",
        'cpu_limit = "1"\ncpu       = "1"\nmemory    = "64Mi"',
    ),
    "resources by map": (
        'resources = {\n  requests_cpu = "50m"\n  limits_memory = var.memory\n}',
        "",
        'cpu    = "50m"\nmemory = var.memory',
    ),
    "probes": (
        'probe_path = "/up"\nprobe {\n  timeout = 3\n  initial_delay = var.delay\n}',
        "",
        """\
        probe {
          readiness {
            path          = "/up"
            timeout       = "3s"
            initial_delay = "${var.delay}s"
          }
          liveness {
            path          = "/up"
            timeout       = "3s"
            initial_delay = "${var.delay}s"
          }
        }""",
    ),
    "security and scratch": (
        """\
        scratch_path = ["/a", var.b]
        pod {
          security_context {
            run_as_user     = 1
            run_as_non_root = true
          }
        }
        """,
        "",
        """\
        volumes { path = "/a" }
        volumes { path = var.b }
        security {
          run_as_user     = 1
          run_as_non_root = true
        }""",
    ),
    "container and sidecars": (
        """\
        pod {
          container {
            name = "web"
            command = ["/app"]
            port {
              name = "web"
              port = 8080
              protocol = "TCP"
            }
            port {
              name = "metrics"
              port = 9090
              protocol = "udp"
            }
          }
          sidecar {
            image = "proxy:1"
            container {
              name = "proxy"
              port {
                name = "p"
                port = 81
              }
              probe_path = "/"
              probe { timeout = 1 }
              memory { request = "32Mi" }
            }
          }
          sidecar {
            image = "log:1"
            container { name = "log" }
          }
        }
        """,
        "",
        """\
        command = ["/app"]
        port    = 8080
        ports {
          name     = "metrics"
          port     = 9090
          protocol = "UDP"
        }
        sidecars {
          image  = "proxy:1"
          name   = "proxy"
          port   = 81
          probe {
            path    = "/"
            timeout = "1s"
          }
          memory = "32Mi"
        }
        sidecars {
          image = "log:1"
          name  = "log"
        }""",
    ),
    "load balancer": (
        'annotations = { a = "b" }',
        'port = 443\nload_balancer = true\nannotations = { c = "d" }\nnode_port = 0',
        """\
        annotations = { a = "b" }
        service {
          port        = 443
          type        = "LoadBalancer"
          annotations = { c = "d" }
        }""",
    ),
    "perhaps a load balancer": (
        "",
        "load_balancer = var.public",
        'service { type = var.public ? "LoadBalancer" : "ClusterIP" }',
    ),
    "node port": (
        "",
        "node_port = 30080\nload_balancer = false",
        'service {\n  node_port = 30080\n  type      = "NodePort"\n}',
    ),
    "ports of the Service": (
        'pod {\n  container {\n    port {\n name = "web"\n port = 8080\n}\nport {\n name = "m"\n port = 9090\n}\n}\n}',
        """\
        ports = [
          { port = "80", target_port = "web" },
          { port = "9091", target_port = 9090 },
          { name = "x", port = 1, target_port = "7" },
        ]
        """,
        """\
        port = 8080
        ports {
          name         = "m"
          port         = 9090
          service_port = 9091
        }
        service { port = 80 }
        ports {
          name         = "x"
          port         = 7
          service_port = 1
        }""",
    ),
    "ingress with TLS": (
        "",
        """\
        ingress "http" {
          host      = var.host
          default   = false
          path_type = "Exact"
          tls {
            hosts       = [var.host]
            secret_name = "s"
          }
        }
        """,
        'network {\n  host      = var.host\n  path_type = "Exact"\n  tls { secret = "s" }\n}',
    ),
    "ingress without TLS": (
        "",
        'ingress "http" {\n  host = "a.b"\n}',
        'network {\n  host = "a.b"\n  tls { enabled = false }\n}',
    ),
    "the same in both": (
        'namespace = "n"\ncontext = null',
        'namespace = "n"\ncontext = "c"',
        'namespace = "n"\ncontext   = "c"',
    ),
    "comments": (
        """\
        // one
        replicas = 2 // two

        # three
        cpu { # four
          # five
        }
        /* six */ probe_path = var.x # eight
        # nine
        """,
        "# ten\nport = 80",
        """\
        // one
        replicas = 2 // two
        # three
        # four
        # five
        probe {
          readiness {
            /* six */
            path = var.x # eight
          }
          liveness { path = var.x }
        }
        # nine
        service {
          # ten
          port = 80
        }""",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", GOLDEN)
def test_options_are_carried_over(case: str) -> None:
    """Options of both stanzas become those of one team-k8s, with expressions and comments as they were written."""
    deploy, release, wanted = GOLDEN[case]
    done = imported(deploy, release)
    assert done.problems == []
    assert [line.split() for line in options(done).splitlines()] == [
        line.split() for line in dedent(wanted).splitlines()
    ]
    hclfile.parse(done.text, "waypoint.hcl")


@pytest.mark.parametrize(
    ("deploy", "release", "line", "why"),
    [
        ("replica = 1", "", 4, "no such option"),
        ('probe_path = "up"', "", 4, "slash"),
        ("pod {\n  container {\n    port {\n      port = 1\n      host_port = 2\n    }\n  }\n}", "", 8, "node"),
        ('resources = {\n  limits_gpu = "1"\n}', "", 4, "no such option"),
        ("resources = var.r", "", 4, "only Waypoint"),
        ("scratch_path = var.s", "", 4, "only Waypoint"),
        ('memory {\n  limit = "1 GB"\n}', "", 5, "memory is"),
        ("ports = [{ port = 1 }]", "", 4, "refuses"),
        ('pod {\n  sidecar {\n    image = "x"\n  }\n}', "", 6, "has a name"),
        ('namespace = "a"', 'namespace = "b"', 9, "line 4"),
        ("", "load_balancer = true\nnode_port = 1", 9, "LoadBalancer"),
        ("", 'ports = [{ port = 1, target_port = "x" }]', 8, "no port is called x"),
        ("", "ports = var.p", 8, "only Waypoint"),
        ("", 'ingress "http" {\n  path = "/"\n}', 8, "host"),
        ("", 'ingress "http" {\n  host = "a"\n  default = true\n  tls {}\n}', 10, "belongs to no host"),
        ("", 'ingress "http" {\n  host = "a"\n  tls {\n    hosts = ["a", "b"]\n  }\n}', 11, "host itself"),
        ("", 'ingress "http" {\n  host = "a"\n  path_type = "ImplementationSpecific"\n}', 10, "path_type is one of"),
        ("", 'ingress "grpc" {\n  host = "a"\n}', 9, "no such option"),
    ],
)
def test_what_has_no_counterpart_is_told_and_kept_as_a_comment(deploy: str, release: str, line: int, why: str) -> None:
    """What cannot be mapped is a problem with its line, reason and way out, and a comment in a file that is valid."""
    done = imported(deploy, release)
    (problem,) = done.problems
    assert problem.where == f"waypoint.hcl:{line}"
    assert why in problem.why
    assert problem.fix
    assert "# not mapped: " in done.text
    assert done.left_out == []
    hclfile.parse(done.text, "waypoint.hcl")


@pytest.fixture(scope="module")
def profiles(tmp_path_factory: pytest.TempPathFactory) -> tuple[Mapping[str, Any], ...]:
    """What the standards of an app give in two environments."""
    root: Path = tmp_path_factory.mktemp("standards")
    (root / "teams" / "t").mkdir(parents=True)
    (root / "org.yaml").write_text("org: {name: acme, environments: [dev, prod]}\n")
    (root / "teams" / "t" / "team.yaml").write_text(
        "team: {projects: [shop]}\n"
        "standards:\n"
        "  kubernetes:\n"
        "    env: {A: '1', B: x}\n"
        "    probe: {readiness: {kind: http, path: /up}, liveness: {kind: tcp}}\n"
        "    sidecars: [{name: p, image: p:1}]\n"
        "    volumes: [{path: /tmp}]\n"
        "  network: {tls: {enabled: false}}\n"
    )
    (root / "teams" / "t" / "environments").mkdir()
    (root / "teams" / "t" / "environments" / "prod.yaml").write_text("standards: {kubernetes: {cpu: '1'}}\n")
    tree = directory.load(root)
    return tuple(resolve.profile(tree, project="shop", app="web", workspace=env).values for env in ("dev", "prod"))


@pytest.mark.parametrize(
    ("deploy", "release", "wanted", "left_out"),
    [
        ("replicas = 2\nservice_port = 80", "port = 80", "port = 80", ["replicas", "port"]),
        ('memory {\n  limit = "0.25Gi"\n  request = "256Mi"\n}', "", 'memory_request = "256Mi"', ["memory.limit"]),
        ('memory {\n  limit = "1Gi"\n  request = "1Gi"\n}', "", 'memory = "1Gi"', ["memory.request"]),
        ('cpu {\n  request = "100m"\n}', "", 'cpu = "100m"', []),
        ("static_environment = {\n  A = 1\n}", "", "", ["static_environment"]),
        ('static_environment = { A = "1", C = "2" }', "", 'env = { A = "1", C = "2" }', []),
        ("replicas = var.n", "", "replicas = var.n", []),
        ('pod {\n  sidecar {\n    image = "p:1"\n    container { name = "p" }\n  }\n}', "", "",
         ["pod.sidecar.image", "pod.sidecar.container.name"]),
        ('scratch_path = ["/other"]', "", 'volumes { path = "/other" }', []),
        ('probe_path = "/up"', "", 'probe {\n liveness {\n path = "/up"\n kind = "http"\n}\n}', []),
        ("", 'ingress "http" {\n host = "a"\n}', 'network { host = "a" }', []),
        ("", 'ingress "http" {\n host = "a"\n tls {}\n}', 'network {\n host = "a"\n tls { enabled = true }\n}', []),
        ("replicas = 2 # enough", "", "# enough", ["replicas"]),
        ("", "load_balancer = false\nport = 80\nnode_port = 0", "", ["load_balancer", "port"]),
    ],
)  # fmt: skip
def test_what_the_standards_give_is_left_out(
    profiles: tuple[Mapping[str, Any], ...], deploy: str, release: str, wanted: str, left_out: list[str]
) -> None:
    """An option goes if it has the same meaning as the standards in every environment, and is named; others stay."""
    done = imported(deploy, release, profiles)
    assert [line.split() for line in options(done).splitlines()] == [line.split() for line in wanted.splitlines()]
    assert [option for option, _ in done.left_out] == left_out
    assert done.problems == []


def rewritten(text: str) -> Rewritten:
    """Import a file without standards."""
    return rewrite.file(text, "waypoint.hcl", lambda _app, _workspace: ())


def test_a_release_stanza_with_hooks_stays() -> None:
    """Options of a release stanza in which more than options stands are rewritten where they are."""
    hook = '    hook {\n      when = "after"\n      command = ["x"]\n    }\n'
    text = (
        'app "a" {\n  deploy {\n    use "kubernetes" {}\n  }\n'
        '  release {\n    use "kubernetes" { port = 81 }\n%s  }\n}\n'
    )
    done = rewritten(text % hook)
    wanted = text.replace('"kubernetes"', '"team-k8s"').replace(
        "{ port = 81 }", "{\n      service { port = 81 }\n    }"
    )
    assert (done.text, done.problems, done.uses) == (wanted % hook, [], 2)


@pytest.mark.parametrize("other", ["helm", "nomad"])
def test_a_release_stanza_that_does_not_fit_is_left(other: str) -> None:
    """A builtin on only one of the two sides is told with its line, and the release stanza stays as it was."""
    release = '  release {\n    use "%s" {}\n  }\n'
    deploy = 'app "a" {\n  deploy {\n    use "%s" {}\n  }\n'
    for text in (deploy % other + release % "kubernetes" + "}\n", deploy % "kubernetes" + release % other + "}\n"):
        done = rewritten(text)
        assert [problem.where for problem in done.problems] == ["waypoint.hcl:5"]
        before, mark, after = done.text.partition("  # not mapped: release, ")
        assert mark
        assert text.endswith(after.partition("\n")[2])
        assert before == text[: text.index("  release")].replace('use "kubernetes"', 'use "team-k8s"')


def test_each_workspace_gets_the_release_that_belongs_to_it() -> None:
    """A `use` of a workspace has the options of its own release, or of the one for all, and its own environment."""
    asked: list[tuple[str, str | None]] = []

    def standards(app: str, workspace: str | None) -> list[Mapping[str, Any]]:
        asked.append((app, workspace))
        return [{"kubernetes.replicas": 9 if workspace else 1}]

    stage = '  %s {\n    use "kubernetes" {\n      %s\n    }\n%s  }\n'
    own = '    workspace "%s" {\n      use "kubernetes" {\n        %s\n      }\n    }\n'
    deploys = own % ("prod", "replicas = 9") + own % ("pre", "")
    text = (
        'app "a" {\n'
        + stage % ("deploy", "replicas = 9", deploys)
        + stage % ("release", "port = 1", own % ("prod", "port = 2"))
        + "}\n"
    )
    done = rewrite.file(text, "waypoint.hcl", standards)
    deploy = hclfile.parse(done.text, "x").blocks[0].find("deploy")
    assert deploy is not None
    found = {block.labels[0]: block.find("use") or block for block in deploy.blocks}
    ports = {name: use.blocks[0].attributes["port"] for name, use in found.items()}
    assert ports == {"team-k8s": 1, "prod": 2, "pre": 1}
    assert (found["team-k8s"].attributes, found["prod"].attributes) == ({"replicas": 9}, {})
    assert asked == [("a", None), ("a", "prod"), ("a", "pre")]
    assert "release" not in done.text


def test_ends_of_lines_stay() -> None:
    """A file with CR LF is written with CR LF throughout."""
    unix = 'project = "p"\napp "a" {\n  deploy {\n    use "kubernetes" {\n      replicas = 3 # x\n    }\n  }\n}\n'
    text = unix.replace("\n", "\r\n")
    assert rewritten(text).text == text.replace('"kubernetes"', '"team-k8s"')


def test_comments_behind_an_expression_are_not_part_of_it() -> None:
    """The reader ends an expression before a comment, whatever stands in that, and knows where everything begins."""
    text = "a {\n  b = var.x # it's \"} one\n  c = f(1, # two)\n    2) // three\n}\n"
    block = hclfile.parse(text, "x").blocks[0]
    parts = {name: text[span[1] : span[2]] for name, span in block.spans.items()}
    assert parts == {"b": "var.x", "c": "f(1, # two)\n    2)"}
    assert text[block.span[0] : block.span[1]] == "a {"
    assert text[block.span[2] : block.span[3]] == "}"
