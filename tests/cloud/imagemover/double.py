"""A registry in memory for what Debian's cannot do: keep broken uploads, list referrers, redirect, let tokens expire.

It follows the wording of the distribution specification, and checks digests as
a registry must. What a test wants to see of its clients, it notes.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import re
import threading
import time
import urllib.parse
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = 2
PIECE = 64 << 10


class Double:
    """What it stores, and how it behaves."""

    def __init__(self) -> None:
        self.port = 0
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[str, tuple[str, bytes]] = {}
        self.tags: dict[str, str] = {}
        self.uploads: dict[str, bytearray] = {}
        self.requests: list[tuple[str, str]] = []
        self.received: Counter[str] = Counter()
        self.authorizations: dict[str, list[str]] = {"registry": [], "storage": []}
        self.token_seconds = 0.0
        self.tokens: dict[str, float] = {}
        self.expired_status = 401
        self.password = "right"
        self.redirects, self.redirect_to = False, ""
        self.ranges, self.bytes_per_second = True, 0.0
        self.parts: Counter[str] = Counter()
        self.immutable = False
        self.chunk_status = 202
        self.forget_uploads = False
        self.told: str | None = None
        """What is said to be kept of a manifest that is written; None: what is."""

    @property
    def host(self) -> str:
        """Where it is."""
        return f"127.0.0.1:{self.port}"


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    double: Double
    timeout = 30

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Answer."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        for begin in range(0, len(body), PIECE):
            self.wfile.write(body[begin : begin + PIECE])
            if self.double.bytes_per_second:
                time.sleep(min(PIECE, len(body)) / self.double.bytes_per_second)

    def refuse(self, status: int, code: str, message: str = "") -> None:
        """Answer with an error."""
        self.answer(status, json.dumps({"errors": [{"code": code, "message": message}]}).encode())

    def allowed(self) -> bool:
        """Check the token, if there are tokens."""
        double = self.double
        sent = self.headers.get("Authorization", "")
        double.authorizations["registry"].append(sent)
        if not double.token_seconds:
            return True
        if double.tokens.get(sent.removeprefix("Bearer "), 0) > time.monotonic():
            return True
        if double.expired_status != 401 and sent:
            self.refuse(double.expired_status, "DENIED", "Your authorization token has expired. Reauthenticate.")
            return False
        realm = f'Bearer realm="http://{double.host}/token",service="double",scope="repository:x:pull"'
        self.answer(401, b"", WWW_Authenticate=realm)
        return False

    def handle_one_request(self) -> None:
        """Route."""
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        self.double.requests.append((self.command, self.path))
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        if url.path == "/token":
            self.token(query)
            return
        if url.path.startswith("/storage/"):
            self.double.authorizations["storage"].append(self.headers.get("Authorization", ""))
            self.blob_bytes(url.path.removeprefix("/storage/"))
            return
        if not self.allowed():
            self.close_connection = self.close_connection or bool(self.headers.get("Content-Length"))
            return
        for pattern, handler in ROUTES:
            match = re.fullmatch(pattern, url.path)
            if match:
                handler(self, query, *match.groups())
                return
        self.answer(404)

    def token(self, query: dict[str, str]) -> None:
        """Give a token to who knows the password."""
        sent = base64.b64decode(self.headers.get("Authorization", "").removeprefix("Basic ")).decode()
        if sent != f"mover:{self.double.password}":
            self.refuse(401, "UNAUTHORIZED")
            return
        name = f"token-{len(self.double.tokens)}-{query.get('scope', '')}"
        self.double.tokens[name] = time.monotonic() + self.double.token_seconds
        self.answer(200, json.dumps({"token": name, "expires_in": 300}).encode())

    def blob(self, _: dict[str, str], digest: str) -> None:
        """Give a blob."""
        if digest not in self.double.blobs:
            self.refuse(404, "BLOB_UNKNOWN")
        elif self.command == "HEAD":
            self.answer(200, Content_Length=str(len(self.double.blobs[digest])))
        elif self.double.redirects:
            target = self.double.redirect_to or f"http://localhost:{self.double.port}/storage"
            self.answer(307, Location=f"{target}/{digest}?signature=secret")
        else:
            self.blob_bytes(digest)

    def blob_bytes(self, digest: str) -> None:
        """Give the bytes, or a range of them."""
        data = self.double.blobs[digest]
        match = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if match and self.double.ranges:
            begin, end = int(match[1]), int(match[2] or len(data) - 1)
            self.double.parts[digest] += 1
            self.answer(206, data[begin : end + 1], Content_Range=f"bytes {begin}-{end}/{len(data)}")
        else:
            self.answer(200, data)

    def begin(self, query: dict[str, str]) -> None:
        """Begin an upload, or mount."""
        if query.get("mount") in self.double.blobs:
            self.answer(201, Location=f"/v2/x/blobs/{query['mount']}")
            return
        name = f"u{len(self.double.requests)}"
        self.double.uploads[name] = bytearray()
        self.answer(202, Location=f"/v2/x/uploads/{name}?step=0")

    def upload(self, query: dict[str, str], name: str) -> None:
        """Take bytes, tell how many there are, or finish."""
        kept = self.double.uploads.get(name)
        if kept is None:
            self.refuse(404, "BLOB_UPLOAD_UNKNOWN")
            return
        if self.command == "GET":
            self.status(name, kept)
        elif self.command == "DELETE":
            del self.double.uploads[name]
            self.answer(204)
        elif self.take(name, kept):
            self.finish(query.get("digest", ""), name, kept)

    def status(self, name: str, kept: bytearray) -> None:
        """Tell how many bytes there are."""
        if self.double.forget_uploads:
            self.refuse(404, "BLOB_UPLOAD_UNKNOWN")
            return
        self.answer(204, Location=f"/v2/x/uploads/{name}?step={len(kept)}", Range=f"0-{max(0, len(kept) - 1)}")

    def take(self, name: str, kept: bytearray) -> bool:
        """Take bytes; tell whether all came."""
        match = re.match(r"(\d+)-", self.headers.get("Content-Range", ""))
        if match and int(match[1]) != len(kept):
            self.refuse(416, "BLOB_UPLOAD_INVALID")
            self.close_connection = True
            return False
        rest = int(self.headers.get("Content-Length") or 0)
        while rest:
            piece = b""
            with contextlib.suppress(OSError):
                piece = self.rfile.read1(min(rest, 65536))
            if not piece:
                self.close_connection = True  # what came is kept
                return False
            kept += piece
            self.double.received[name] += len(piece)
            rest -= len(piece)
        return True

    def finish(self, digest: str, name: str, kept: bytearray) -> None:
        """Answer to a chunk, or check the digest and keep the blob."""
        if self.command == "PATCH":
            location = f"/v2/x/uploads/{name}?step={len(kept)}"
            self.answer(self.double.chunk_status, Location=location, Range=f"0-{len(kept) - 1}")
            return
        if f"sha256:{hashlib.sha256(kept).hexdigest()}" != digest:
            self.refuse(400, "DIGEST_INVALID")
            return
        self.double.blobs[digest] = bytes(kept)
        del self.double.uploads[name]
        self.answer(201, Location=f"/v2/x/blobs/{digest}", Docker_Content_Digest=digest)

    def manifest(self, _: dict[str, str], name: str) -> None:
        """Give or take a manifest."""
        double = self.double
        if self.command in {"GET", "HEAD"}:
            digest = double.tags.get(name, name)
            if digest not in double.manifests:
                self.refuse(404, "MANIFEST_UNKNOWN")
                return
            kind, data = double.manifests[digest]
            self.answer(200, data, Content_Type=kind, Docker_Content_Digest=digest)
            return
        data = self.rfile.read(int(self.headers["Content-Length"]))
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        if double.immutable and name in double.tags:
            self.refuse(400, "TAG_INVALID", "the tag is immutable")
            return
        body: dict[str, Any] = json.loads(data)
        needed = [one["digest"] for one in [*body.get("layers", []), *([body["config"]] if "config" in body else [])]]
        children = [one["digest"] for one in body.get("manifests", [])]
        if not set(needed) <= set(double.blobs) or not set(children) <= set(double.manifests):
            self.refuse(404, "MANIFEST_BLOB_UNKNOWN")
            return
        double.manifests[digest] = (self.headers["Content-Type"], data)
        if ":" not in name:
            double.tags[name] = digest
        more = {"OCI_Subject": body["subject"]["digest"]} if "subject" in body else {}
        told = digest if double.told is None else double.told
        self.answer(201, **more | ({"Docker_Content_Digest": told} if told else {}))

    def referrers(self, query: dict[str, str], digest: str) -> None:
        """List what refers to a manifest, page by page."""
        found = []
        for name, (kind, data) in sorted(self.double.manifests.items()):
            if json.loads(data).get("subject", {}).get("digest") == digest:
                found.append({"mediaType": kind, "digest": name, "size": len(data)})
        begin = int(query.get("begin", 0))
        more = {}
        if len(found) > begin + PAGE:
            more["Link"] = f'</v2/x/referrers/{digest}?begin={begin + PAGE}>; rel="next"'
        kind = "application/vnd.oci.image.index.v1+json"
        body = {"schemaVersion": 2, "mediaType": kind, "manifests": found[begin : begin + PAGE]}
        self.answer(200, json.dumps(body).encode(), Content_Type=kind, **more)


ROUTES = (
    (r"/v2/x/blobs/(sha256:\w+)", Handler.blob),
    (r"/v2/x/blobs/uploads/", Handler.begin),
    (r"/v2/x/uploads/(\w+)", Handler.upload),
    (r"/v2/x/manifests/(.+)", Handler.manifest),
    (r"/v2/x/referrers/(.+)", Handler.referrers),
)


class Server(ThreadingHTTPServer):
    """The server; clients that hang up are no news."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def start() -> Iterator[Double]:
    """Start one; its only repository is "x"."""
    double = Double()
    handler = type("Bound", (Handler,), {"double": double})
    with Server(("127.0.0.1", 0), handler) as server:
        double.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield double
        finally:
            server.shutdown()
            thread.join()
