"""A small ingress controller of the bed's own: a reverse proxy by host name, over HTTP.

It serves Ingresses of its class and HTTPRoutes of the Gateway `testbed`, and
reports their status as real controllers do. Runs inside of the bed's network.

    python3 ingress.py URL PKI ADDRESS
"""

from __future__ import annotations

import contextlib
import http.client
import http.server
import json
import ssl
import sys
import threading
import time
from pathlib import Path
from typing import Any

CLASS = "testbed"
LOOK_SECONDS = 0.3
INGRESSES = "/apis/networking.k8s.io/v1/ingresses"
ROUTES = "/apis/gateway.networking.k8s.io/v1/httproutes"
SERVICES = "/api/v1/services"

Route = tuple[str, str, str, int]
"""Host, path, and where it leads: the Service's address and port."""


class Api:
    """The API server, asked with every right.

    Args:
        url: Of it.
        pki: Directory with the bed's certificates.
    """

    def __init__(self, url: str, pki: Path) -> None:
        self._host = url.removeprefix("https://")
        self._context = ssl.create_default_context(cafile=str(pki / "ca.crt"))
        self._context.load_cert_chain(pki / "admin.crt", pki / "admin.key")

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """Make a request; gives the decoded answer, and raises OSError unless it is a success."""
        connection = http.client.HTTPSConnection(self._host, context=self._context, timeout=5)
        with contextlib.closing(connection):
            headers = {"Content-Type": "application/merge-patch+json"}
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            data = answer.read()
            if answer.status >= 300:  # noqa: PLR2004  # HTTP's failures
                raise OSError(f"{method} {path}: HTTP {answer.status}")
            return json.loads(data)


class Controller:
    """Knows where each host leads, and tells the cluster so.

    Args:
        api: Of the cluster.
        address: That it serves on.
    """

    def __init__(self, api: Api, address: str) -> None:
        self._api, self._address = api, address
        self.routes: list[Route] = []

    def run(self) -> None:
        """Look again and again."""
        while True:
            with contextlib.suppress(OSError, http.client.HTTPException):
                self.look()
            time.sleep(LOOK_SECONDS)

    def look(self) -> None:
        """Read all objects once, and report."""
        services = {
            (item["metadata"]["namespace"], item["metadata"]["name"]): item["spec"].get("clusterIP", "")
            for item in self._api.request("GET", SERVICES)["items"]
        }
        routes: list[Route] = []
        for item in sorted(self._api.request("GET", INGRESSES)["items"], key=_age):
            if item["spec"].get("ingressClassName") == CLASS:
                routes += _ingress_routes(item, services)
                self._report(INGRESSES, item, {"loadBalancer": {"ingress": [{"ip": self._address}]}})
        for item in sorted(self._api.request("GET", ROUTES)["items"], key=_age):
            if item["spec"]["parentRefs"][0]["name"] == CLASS:
                routes += _http_routes(item, services)
                self._report(ROUTES, item, {"parents": [_accepted(item)]})
        routes.reverse()  # of one host the newest first
        self.routes = sorted(routes, key=lambda route: -len(route[1]))

    def _report(self, collection: str, item: Any, status: Any) -> None:
        if item.get("status") and (item["status"].get("loadBalancer") or item["status"].get("parents")):
            return
        group, _, plural = collection.rpartition("/")
        about = item["metadata"]
        path = f"{group}/namespaces/{about['namespace']}/{plural}/{about['name']}/status"
        self._api.request("PATCH", path, {"status": status})

    def find(self, host: str, path: str) -> tuple[str, int] | None:
        """Say where a request leads."""
        for wanted, prefix, address, port in self.routes:
            if host == wanted and path.startswith(prefix):
                return address, port
        return None


def _age(item: Any) -> str:
    return str(item["metadata"]["creationTimestamp"])


def _ingress_routes(item: Any, services: dict[tuple[str, str], str]) -> list[Route]:
    found = []
    for rule in item["spec"].get("rules", ()):
        for path in rule["http"]["paths"]:
            backend = path["backend"]["service"]
            address = services.get((item["metadata"]["namespace"], backend["name"]), "")
            found.append((rule["host"], path["path"], address, backend["port"]["number"]))
    return found


def _http_routes(item: Any, services: dict[tuple[str, str], str]) -> list[Route]:
    found = []
    for rule in item["spec"]["rules"]:
        backend = rule["backendRefs"][0]
        address = services.get((item["metadata"]["namespace"], backend["name"]), "")
        path = rule["matches"][0]["path"]["value"]
        found += [(host, path, address, backend["port"]) for host in item["spec"]["hostnames"]]
    return found


def _accepted(item: Any) -> Any:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    condition = {"status": "True", "reason": "Accepted", "message": "", "lastTransitionTime": now}
    return {
        "parentRef": item["spec"]["parentRefs"][0],
        "controllerName": "waypaas.test/ingress",
        "conditions": [condition | {"type": kind} for kind in ("Accepted", "ResolvedRefs")],
    }


def handler(controller: Controller) -> type[http.server.BaseHTTPRequestHandler]:
    """Make the handler that passes requests on."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            host = self.headers.get("Host", "").partition(":")[0]
            found = controller.find(host, self.path)
            if found is None:
                self.send_error(404, f"no route for {host}{self.path}")
                return
            try:
                connection = http.client.HTTPConnection(*found, timeout=5)
                connection.request("GET", self.path, headers={"Host": host})
                answer = connection.getresponse()
                data = answer.read()
            except OSError:
                self.send_error(503, "nobody answers there")
                return
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    return Handler


def main() -> None:
    """Serve until stopped."""
    url, pki, address = sys.argv[1:]
    controller = Controller(Api(url, Path(pki)), address)
    threading.Thread(target=controller.run, name="controller", daemon=True).start()
    http.server.ThreadingHTTPServer((address, 80), handler(controller)).serve_forever()


if __name__ == "__main__":
    main()
