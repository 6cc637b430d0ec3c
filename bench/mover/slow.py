"""The proxy of a far network as a process of its own: PORT UPSTREAM-PORT LATENCY-SECONDS BYTES-PER-SECOND."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from testservers import faultproxy  # beside the benchmark


def main() -> None:
    """Serve for good."""
    port, upstream, latency, rate = sys.argv[1:]
    proxy = faultproxy.Proxy(int(upstream), socket.create_server(("127.0.0.1", int(port)), backlog=128))
    proxy.latency_seconds, proxy.bytes_per_second = float(latency), float(rate)
    proxy.serve()


if __name__ == "__main__":
    main()
