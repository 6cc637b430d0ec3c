"""A small company to resolve standards of."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from teamconfig import reading
from teamconfig.tree import Tree

ORG = "org: {name: acme, contact: '#platform', environments: [dev, staging, production]}\n"
TEAM = "team: {projects: [shop], owner: '#payments'}\n"

MakeTree = Callable[..., Tree]


def make_tree(**parts: str) -> Tree:
    """Build a tree of the bodies of its files: org, org_env, team, team_env, app, app_env; env is production."""
    base = "teams/payments"
    places = {
        "org": ("org.yaml", ORG),
        "org_env": ("environments/production.yaml", ""),
        "team": (f"{base}/team.yaml", TEAM),
        "team_env": (f"{base}/environments/production.yaml", ""),
        "app": (f"{base}/apps/shop/web/app.yaml", ""),
        "app_env": (f"{base}/apps/shop/web/environments/production.yaml", ""),
    }
    wanted = {"org": "", "team": "", **parts}
    files = {places[name][0]: (places[name][1] + body).encode() for name, body in wanted.items()}
    return reading.tree(files, revision="dir:test", origin="test")


@pytest.fixture
def tree() -> MakeTree:
    """Give the function that builds trees."""
    return make_tree
