"""A source that plays foul within its rights: an older key that is still trusted, redirects that never end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pluginworld import serving

if TYPE_CHECKING:
    from pluginworld import World

MOST_BYTES = 64 << 20
"""More than sockets hold between a server that floods and a client that does not read."""


def test_the_older_key_does_not_lead_back(world: World) -> None:
    """While two keys are trusted, a set signed by the one is refused if a newer one of the other was seen."""
    older, old_key = (world.tree / "plugins.json").read_bytes(), world.public
    world.key.unlink()
    world.public = world.wps("plugins", "key", str(world.key)).stdout.strip()
    world.make(team_k8s="two", team_ecs="zwei")
    world.publish("--serial", "2")
    assert world.sync("--key", old_key).returncode == 0
    (world.tree / "plugins.json").write_bytes(older)
    done = world.sync("--key", old_key)
    assert (done.returncode, done.stdout) == (1, "")
    assert "this machine has seen set 2: somebody gives out an older one" in done.stderr
    assert world.says("team-k8s") == "two"


def test_what_comes_with_a_redirect_is_not_read(world: World) -> None:
    """A server that leads elsewhere and goes on to send fills no memory: the redirect is followed, the rest left."""
    world.make(team_k8s="two")
    world.publish()
    with serving(world.tree) as there, serving(world.tree) as server:
        server.moved, server.flood = there.url, True
        assert world.sync(source=server.url).returncode == 0
        assert server.flooded < MOST_BYTES
    assert world.says("team-k8s") == "two"


def test_a_circle_of_redirects_ends(world: World) -> None:
    """A server that leads to itself is left after some rounds, and told as that."""
    with serving(world.tree) as server:
        server.moved = server.url
        done = world.sync(source=server.url)
    assert done.returncode == 1
    assert "it leads elsewhere more than 5 times" in done.stderr
    assert len(server.asked) == 6
