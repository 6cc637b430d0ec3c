"""The text of a waypoint.hcl: short when new, and changed by no more than what is asked for."""

from __future__ import annotations

import itertools

import pytest

from wps import hclfile, template
from wps.template import App, Build

PLAIN = App("web", "team-k8s", Build("docker"))


def write(text: str, **options: str | None) -> str:
    """Set options in the app web of a file that has it."""
    return template.write(text, "waypoint.hcl", "shop", App("web", "team-k8s", None, options))


def file(use: str) -> str:
    """Give a file with this in its deploy."""
    return (
        f'project = "shop"\n\napp "web" {{\n  build {{\n    use "pack" {{}}\n  }}\n  deploy {{\n    {use}\n  }}\n}}\n'
    )


def test_a_new_file() -> None:
    """A new file has the project, and an app with build and deploy."""
    text = template.write("", "waypoint.hcl", "shop", PLAIN)
    assert text == file('use "team-k8s" {}').replace("pack", "docker")


@pytest.mark.parametrize("image", ["", "registry.example/shop/web"])
@pytest.mark.parametrize("plugin", ["docker", "pack", "team-k8s"])
def test_a_new_file_is_short_and_valid(plugin: str, image: str) -> None:
    """With up to one option there are at most ten lines that say something; all are HCL that holds what was asked."""
    for number in range(4):
        options = dict(itertools.islice({"cpu": '"1"', "memory": '"1Gi"', "port": "80"}.items(), number))
        app = App("web", "team-k8s", Build(plugin, image or ("r/x:1" if plugin == "team-k8s" else "")), options)
        text = template.write("", "waypoint.hcl", "shop", app)
        assert template.code_lines(text) <= (10 if number <= 1 or not image or plugin == "team-k8s" else 13)
        use = hclfile.parse(text, "").blocks[0].find("deploy").find("use")  # type: ignore[union-attr]
        assert use is not None
        assert len(use.attributes) == number


def test_written_again_it_is_the_same() -> None:
    """What a file says already changes nothing, however it is formatted."""
    for app in (PLAIN, App("web", "team-k8s", None, {"memory": '"1Gi"', "port": None})):
        text = template.write("", "waypoint.hcl", "shop", app)
        assert template.write(text, "waypoint.hcl", "shop", App("web", "team-k8s", None, app.options)) == text
    odd = file('use "team-k8s" {\n      memory="1Gi"   # why\n    }')
    assert write(odd, memory='"1Gi"') == odd
    tight = file('use "team-k8s" { memory="1Gi" }')
    assert write(tight, memory='"1Gi"') == tight


@pytest.mark.parametrize(
    ("use", "options", "after"),
    [
        ('use "team-k8s" {}', {"port": "80"}, 'use "team-k8s" { port = 80 }'),
        ('use "team-k8s" { port = 80 }', {"port": None}, 'use "team-k8s" {}'),
        ('use "team-k8s" { port = 80 }', {"port": "81"}, 'use "team-k8s" { port = 81 }'),
        ('use "team-k8s" { port = var.p }', {"cpu": '"1"'},
         'use "team-k8s" {\n      port = var.p\n      cpu  = "1"\n    }'),
        ('use "team-k8s" {\n      # keep\n      env = { A = "1" }\n    }', {"cpu": '"1"'},
         'use "team-k8s" {\n      cpu = "1"\n      # keep\n      env = { A = "1" }\n    }'),
        ('use "team-k8s" {\n      cpu = "2" # why\n      port = 1\n      probe {}\n    }', {"cpu": '"1"', "port": None},
         'use "team-k8s" {\n      cpu = "1" # why\n      probe {}\n    }'),
    ],
)  # fmt: skip
def test_only_the_option_changes(use: str, options: dict[str, str | None], after: str) -> None:
    """Other options, blocks and comments of the same stanza stay to the letter."""
    assert write(file(use), **options) == file(after)


def test_another_app_is_added_and_nothing_else_moves() -> None:
    """A second app goes to the end; what stands before it stays."""
    before = "# ours\n" + file('use "team-k8s" {}') + "# end"
    after = template.write(before, "waypoint.hcl", "shop", App("api", "team-k8s", Build("pack")))
    assert after.startswith(before)
    assert [block.labels for block in hclfile.parse(after, "").blocks] == [("web",), ("api",)]


def test_project_and_platform_change_in_place() -> None:
    """Another project replaces the name alone, another platform the deploy alone; a missing project is put first."""
    before = file('use "team-k8s" { cpu = "1" }')
    after = template.write(before, "waypoint.hcl", "shop2", App("web", "team-ecs"))
    assert after == before.replace('"shop"', '"shop2"').replace('use "team-k8s" { cpu = "1" }', 'use "team-ecs" {}')
    without = before.replace('project = "shop"\n\n', "")
    assert write(without) == before
