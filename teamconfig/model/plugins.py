"""Section `plugins`: which plugin binaries a team's machines and runners get, from where, signed by whom."""

from __future__ import annotations

from dataclasses import dataclass

from teamconfig.model.option import option
from teamconfig.model.shapes import Shape

SOURCE = Shape(
    r"(https://|http://(localhost|127\.0\.0\.1|\[::1\])|oci://|file:///|/)\S+",
    "https://..., oci://REGISTRY/REPOSITORY[:TAG], file:///DIR or /DIR; http:// on this machine's loopback only", 1024,
)  # fmt: skip
KEY = Shape(r"ed25519:[A-Za-z0-9+/]{43}=", "a public key as `wps plugins key` prints it: ed25519:...", 52)
NAME = Shape(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", "the name of a plugin as after `use`", 63)


@dataclass(kw_only=True)
class Plugins:
    """The plugin binaries of a team."""

    source: str | None = option(
        "string", "Where `wps plugins sync` gets them: what `wps plugins publish` has written, or a mirror of it.",
        default="none", example="https://plugins.acme.example/waypaas", shape=SOURCE,
    )  # fmt: skip
    keys: list[str] | None = option(
        "list", "Public keys that are trusted; one of them must have signed the set. Two while a key is replaced.",
        default="none", example='["ed25519:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="]', shape=KEY,
    )  # fmt: skip
    names: list[str] | None = option(
        "list", "Plugins that are installed.", default="all of the set", example='["team-k8s"]', shape=NAME
    )
    serial: int | None = option(
        "int", "Number of the set that is installed, even if there is a newer one, or the machine has had one.",
        bounds=(1, 9007199254740991), default="the newest", example="12",
    )  # fmt: skip
