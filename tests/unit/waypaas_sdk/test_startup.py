"""Deferred imports, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from waypaas_sdk import startup


def run(code: str, **environ: str) -> str:
    """Run code in a fresh interpreter and give what it prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=os.environ | environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


DEFERRED = "import sys; from waypaas_sdk import startup; startup.defer(); "


def test_a_deferred_module_runs_when_it_is_looked_at() -> None:
    """A deferred module is there after its import, and runs its code with the first look at it."""
    code = "import ssl; print('_ssl' in sys.modules); ssl.SSLContext; print('_ssl' in sys.modules)"
    assert run(DEFERRED + code).split() == ["False", "True"]


@pytest.mark.parametrize("name", sorted(startup.DEFERRED))
def test_a_deferred_module_works(name: str) -> None:
    """What imports a deferred module without knowing of it gets the whole module."""
    code = (
        f"import importlib; module = importlib.import_module({name!r}); print(len(dir(module)) > 10, module.__name__)"
    )
    assert run(DEFERRED + "import grpc; " + code).split() == ["True", name]


@pytest.mark.parametrize(
    "statement", ["from asyncio import run", "from inspect import signature", "import asyncio.events"]
)
def test_other_forms_of_import(statement: str) -> None:
    """Imports of a name or a submodule of a deferred module work."""
    assert run(DEFERRED + statement + "; print('ok')").strip() == "ok"


def test_grpc_aio_works_after_deferral() -> None:
    """A plugin that uses grpc.aio all the same can."""
    code = """
import asyncio, grpc
async def main():
    server = grpc.aio.server()
    await server.start()
    await server.stop(None)
    print("ok")
asyncio.run(main())
"""
    assert run(DEFERRED + code).strip() == "ok"


def test_typing_extensions_come_when_needed() -> None:
    """The stand-in gives way to the real typing_extensions when something else of it is wanted."""
    code = "import typing_extensions as t; print(t.override(3)); print(t.TypedDict.__name__); "
    code += "import typing_extensions; print(hasattr(typing_extensions, 'get_original_bases'))"
    assert run(DEFERRED + code).split() == ["3", "TypedDict", "True"]


def test_defer_twice() -> None:
    """Deferring again changes nothing."""
    code = "startup.defer(); print(sum(type(f).__name__ == '_DeferringFinder' for f in sys.meta_path))"
    assert run(DEFERRED + code).strip() == "1"


def test_only_a_plugin_process_defers() -> None:
    """Importing the SDK anywhere but in a plugin process leaves imports as they are."""
    code = "import sys, waypaas_sdk; print(any(type(f).__name__ == '_DeferringFinder' for f in sys.meta_path))"
    assert run(code).strip() == "False"
    assert run(code, WAYPOINT_PLUGIN="x").strip() == "True"


def failing(code: str) -> tuple[str, str]:
    """Run code that fails in a plugin process; give stdout and stderr."""
    environ = os.environ | {"WAYPOINT_PLUGIN": "x"}
    done = subprocess.run(
        [sys.executable, "-c", f"import waypaas_sdk; {code}"],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    return done.stdout, done.stderr


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import nomodule", "-c: ModuleNotFoundError: No module named 'nomodule'\n"),
        ("len(3)", "-c: TypeError: object of type 'int' has no len()\n"),
        ("raise ValueError('a|b\\n\\n  c')", "-c: ValueError: a/b; c\n"),
        ("from waypaas_sdk.serve import serve; serve()", "-c: a plugin needs a component: "),
    ],
)
def test_a_failure_before_the_handshake(code: str, said: str) -> None:
    """The host reads one line with the reason, and its log has the traceback."""
    stdout, stderr = failing(code)
    assert stdout.startswith(said)
    assert "Traceback" in stderr


def test_a_failure_after_the_handshake() -> None:
    """Once the handshake has begun, stdout is not touched any more."""
    stdout, stderr = failing("waypaas_sdk.startup.shaking_hands(); import nomodule")
    assert stdout == ""
    assert "ModuleNotFoundError" in stderr


def test_a_failure_elsewhere() -> None:
    """Outside of a plugin process the SDK leaves the hook for exceptions alone."""
    assert run("import sys, waypaas_sdk.serve; print(sys.excepthook is sys.__excepthook__)").strip() == "True"


def test_a_hook_of_the_author_stays() -> None:
    """A hook that the plugin's author set over ours is not taken away by the handshake."""
    code = "import sys, waypaas_sdk; sys.excepthook = print; waypaas_sdk.startup.shaking_hands(); "
    assert run(code + "print(sys.excepthook is print)", WAYPOINT_PLUGIN="x").strip() == "True"
