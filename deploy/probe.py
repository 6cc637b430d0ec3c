#!/usr/bin/env python3
"""Ask a team config service for its gRPC health by TLS, which the kubelet's own gRPC probe does not speak.

    waypaas-probe [--alive] ADDRESS CA_FILE SERVER_NAME

Exit code 0 if it is SERVING, or with --alive if it answers at all; 1 otherwise, with the reason on stderr.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

if TYPE_CHECKING:
    from collections.abc import Sequence

SECONDS = 4.0
"""For connection and answer."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it.

    Args:
        arguments: Of the command line; those of the process if None.

    Returns:
        Exit code.
    """
    parser = argparse.ArgumentParser(description="Ask a team config service for its health.")
    parser.add_argument("--alive", action="store_true", help="any answer will do")
    parser.add_argument("address", help="HOST:PORT")
    parser.add_argument("ca", type=Path, help="PEM of the certificate authority")
    parser.add_argument("name", help="that the server's certificate is for")
    wanted = parser.parse_args(arguments)
    try:
        credentials = grpc.ssl_channel_credentials(wanted.ca.read_bytes())
    except OSError as err:
        return _failed(f"{wanted.ca} cannot be read: {err.strerror}")
    options = [("grpc.ssl_target_name_override", wanted.name), ("grpc.enable_http_proxy", 0)]
    with grpc.secure_channel(wanted.address, credentials, options) as channel:
        try:
            answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=SECONDS)
        except grpc.RpcError as err:
            return _failed(f"{wanted.address} gives no health: {err.code().name}: {err.details()}")
    if wanted.alive or answer.status == health_pb2.HealthCheckResponse.SERVING:
        return 0
    return _failed(f"{wanted.address} is {health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)}")


def _failed(why: str) -> int:
    sys.stderr.write(f"{why}\n")
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
