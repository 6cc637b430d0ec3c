"""python3 -m testbed COMMAND."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from testbed import bed, build
from testbed.shell import TestbedError


def main() -> int:
    """Run one command.

    Returns:
        Exit code.
    """
    parser = argparse.ArgumentParser(prog="testbed", description="A real Kubernetes for tests and the demo.")
    parser.add_argument("--dir", type=Path, default=bed.DEFAULT, help="directory of the bed")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("build", help="install and build what it consists of")
    commands.add_parser("up", help="start it, or find that it runs")
    commands.add_parser("down", help="stop it and remove everything but its logs")
    commands.add_parser("status", help="say which parts run")
    apiserver = commands.add_parser("apiserver", help="stop or start the API server alone")
    apiserver.add_argument("what", choices=["stop", "start"])
    inside = commands.add_parser("exec", help="run a command in its network")
    inside.add_argument("argv", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    try:
        return run(arguments)
    except TestbedError as error:
        sys.stderr.write(f"testbed: {error}\n")
        return 1


def run(arguments: argparse.Namespace) -> int:
    """Do what the arguments say.

    Args:
        arguments: As parsed.

    Returns:
        Exit code.

    Raises:
        TestbedError: It failed, or there is no bed.
    """
    if arguments.command == "build":
        build.ensure()
        return 0
    if arguments.command == "up":
        state = bed.up(arguments.dir)
        print(f"export KUBECONFIG={state.admin}")
        return 0
    if arguments.command == "down":
        bed.down(arguments.dir)
        return 0
    state_or_none = bed.load(arguments.dir.resolve())
    if state_or_none is None:
        raise TestbedError(f"there is no bed in {arguments.dir}; start one with `python3 -m testbed up`")
    if arguments.command == "status":
        for name, process in state_or_none.processes.items():
            print(f"{name:24} {'runs' if process.alive() else 'is down'}  {process.pid}")
        return 0
    if arguments.command == "apiserver":
        bed.stop_apiserver(state_or_none) if arguments.what == "stop" else bed.start_apiserver(state_or_none)
        return 0
    argv = [part for part in arguments.argv if part != "--"]
    os.execvp("nsenter", ["nsenter", f"--net=/run/netns/{state_or_none.netns}", *argv])  # noqa: S606
    raise AssertionError("exec does not return")


if __name__ == "__main__":
    raise SystemExit(main())
