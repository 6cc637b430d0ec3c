"""The registry API of one account and region: ECR's rules in front of a real registry.

Owns tokens' check, repositories that were not created, immutable tags, the rate
of manifests, referrers, and what ECR answers differently. The bytes are the
registry's behind it.

Source: Amazon ECR user guide, registry authentication and tag immutability; aws/containers-roadmap 2831, 2835.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import time
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from testservers.ecr import storage
from testservers.ecr.listening import Answer, Handler, RefusedError, forward
from testservers.ecr.state import PULLING, Image

if TYPE_CHECKING:
    from collections.abc import Callable

    from testservers.ecr.state import Repository, Spot, State

PUSHING = PULLING | {
    "ecr:PutImage",
    "ecr:InitiateLayerUpload",
    "ecr:UploadLayerPart",
    "ecr:CompleteLayerUpload",
}
PAGE = 100
OK, CREATED, ACCEPTED, UNAUTHORIZED, OUT_OF_RANGE = 200, 201, 202, 401, 416
EXPIRED = "Your authorization token has expired. Reauthenticate and try again."
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
_PATH = re.compile(r"/v2/(?P<name>.+?)/(?P<kind>blobs/uploads|blobs|manifests|tags|referrers)/(?P<rest>[^?]*)")


ACTIONS = {
    ("manifests", "PUT"): "ecr:PutImage",
    ("blobs", "GET"): "ecr:GetDownloadUrlForLayer",
    ("blobs", "HEAD"): "ecr:BatchCheckLayerAvailability",
    ("blobs/uploads", "POST"): "ecr:InitiateLayerUpload",
    ("blobs/uploads", "PATCH"): "ecr:UploadLayerPart",
    ("blobs/uploads", "PUT"): "ecr:CompleteLayerUpload",
}
"""What a request needs; every other one reads a manifest."""


def arn(spot: Spot, name: str) -> str:
    """Name a repository as policies do."""
    return f"arn:aws:ecr:{spot[1]}:{spot[0]}:repository/{name}"


def error(status: int, code: str, message: str, **headers: str) -> Answer:
    """Answer as registries refuse."""
    body = json.dumps({"errors": [{"code": code, "message": message}]}).encode()
    return Answer(status, body, {"Content-Type": "application/json"} | headers)


class Data(Handler):
    """One connection to the registry of one account in one region; `handler` says which."""

    state: State
    spot: Spot
    port: int
    on_push: Callable[[Spot, str, Image, str], None]

    def reply(self, body: bytes) -> Answer:
        """Check who asks for what, and answer."""
        principal = self.principal()
        if self.path in {"/v2/", "/v2"}:
            return Answer(200, b"{}")
        match = _PATH.match(self.path)
        if match is None:
            raise RefusedError(error(404, "NOT_FOUND", "no such path"))
        name, kind, rest = match["name"], match["kind"], match["rest"]
        repository = self.repository(name, principal)
        self.hold(name, kind)
        if kind == "blobs/uploads":
            return self.upload(repository, rest, body)
        if kind == "blobs":
            return self.blob(name, rest)
        if kind == "manifests" and self.command == "PUT":
            return self.put(repository, name, rest, body)
        if kind in {"referrers", "tags"}:
            return _referrers(repository, rest) if kind == "referrers" else self.tags(repository, name)
        return self.upstream(body)

    def principal(self) -> str:
        """Give the account that asks, by its token."""
        challenge = {"WWW-Authenticate": 'Basic realm="https://ecr.example/",service="ecr.amazonaws.com"'}
        try:
            given = self.headers.get("Authorization", "").removeprefix("Basic ")
            user, _, password = base64.b64decode(given, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            user = password = ""
        found = self.state.principal(password, self.spot[1]) if user == "AWS" else ""
        if found == "expired":
            status = self.state.quirks.expired_status
            raise RefusedError(error(status, "DENIED", EXPIRED, **(challenge if status == UNAUTHORIZED else {})))
        if not found:
            raise RefusedError(Answer(401, b"Not Authorized\n", challenge))
        return found

    def hold(self, name: str, kind: str) -> None:
        """Hold who asks to the policy of the session that has got the password, if it is one of STS."""
        given = base64.b64decode(self.headers.get("Authorization", "").removeprefix("Basic ")).decode()
        lent = self.state.lent_by(given.partition(":")[2])
        action = ACTIONS.get((kind, self.command), "ecr:BatchGetImage")
        asked = [(action, name)]
        if kind == "blobs/uploads" and self.command == "POST" and self.state.quirks.mounting:
            asked += [
                ("ecr:GetDownloadUrlForLayer", one) for one in parse_qs(urlsplit(self.path).query).get("from", ())
            ]
        if lent is not None and not all(lent.allows(action, arn(self.spot, one)) for action, one in asked):
            what = f"User: role/{lent.role} is not authorized to perform: {action} on resource: {arn(self.spot, name)}"
            raise RefusedError(error(403, "DENIED", what))

    def repository(self, name: str, principal: str) -> Repository:
        """Give a repository, if it is there and the account may do this with it."""
        repository = self.state.repositories.get((self.spot, name))
        if repository is None:
            what = f"The repository with name '{name}' does not exist in the registry with id '{self.spot[0]}'"
            raise RefusedError(error(404, "NAME_UNKNOWN", what))
        actions = PULLING if self.command in {"GET", "HEAD"} else PUSHING
        if not repository.admits(principal, self.spot[0], actions):
            what = f"User: arn:aws:iam::{principal}:root is not authorized to perform this on resource: {name}"
            raise RefusedError(error(403, "DENIED", what))
        return repository

    def upstream(self, body: bytes = b"", target: str = "") -> Answer:
        """Ask the registry that keeps the bytes."""
        headers = {name: value for name, value in self.headers.items() if name != "Authorization"}
        return forward(self.port, self.command, target or self.path, headers, body)

    def tags(self, repository: Repository, name: str) -> Answer:
        """List the tags, page by page."""
        query = {key: values[0] for key, values in parse_qs(urlsplit(self.path).query).items()}
        found = sorted(tag for image in repository.images.values() for tag in image.tags)
        found = [tag for tag in found if tag > query.get("last", "")]
        size = min(int(query.get("n", PAGE)), PAGE)
        more = {}
        if len(found) > size:
            more["Link"] = f'</v2/{name}/tags/list?last={found[size - 1]}&n={size}>; rel="next"'
        body = json.dumps({"name": name, "tags": found[:size]}).encode()
        return Answer(200, body, {"Content-Type": "application/json"} | more)

    def blob(self, name: str, digest: str) -> Answer:
        """Lead a read to the storage."""
        if self.command != "GET" or not self.state.quirks.redirects:
            return self.upstream()
        if forward(self.port, "HEAD", self.path, {}).status != OK:
            return self.upstream()
        return Answer(307, b"", {"Location": storage.url(self.state, self.spot, name, digest)})

    def upload(self, repository: Repository, rest: str, body: bytes) -> Answer:
        """Take a step of an upload, with ECR's own answers."""
        quirks = self.state.quirks
        if self.command == "POST":
            return self.upstream(body, self.path if quirks.mounting else self.path.partition("?")[0])
        if self.command == "GET" and quirks.forget_uploads:
            return error(404, "BLOB_UPLOAD_UNKNOWN", "upload unknown")
        if self.command != "PATCH":
            return self.upstream(body)
        first, received = repository.uploads.get(rest, ("", 0))
        sent = self.headers.get("Content-Range", str(received)).partition("-")[0]
        if sent != str(received):
            what = f"Layer part with first byte {sent} does not begin at the expected byte {received}"
            return error(OUT_OF_RANGE, "BLOB_UPLOAD_INVALID", what)
        answer = self.upstream(body)
        if answer.status == ACCEPTED:
            received += len(body)
            repository.uploads[rest] = (first or f"0-{received - 1}", received)
            if quirks.patch_created:
                answer.status = CREATED
                answer.headers["Range"] = repository.uploads[rest][0]
        return answer

    def put(self, repository: Repository, name: str, reference: str, body: bytes) -> Answer:
        """Take a manifest."""
        if not self.state.may_put(self.spot):
            raise RefusedError(error(429, "TOOMANYREQUESTS", "Rate exceeded"))
        tag = "" if ":" in reference else reference
        if tag and repository.tagged(tag) is not None and repository.freezes(tag):
            what = f"The image tag '{tag}' already exists in the '{name}' repository and cannot be overwritten"
            raise RefusedError(error(400, "TAG_INVALID", f"{what} because the tag is immutable."))
        answer = self.upstream(body)
        if answer.status != CREATED:
            return answer
        image = record(self.state, repository, body, self.headers.get("Content-Type", ""), tag)
        if image.subject:
            answer.headers["OCI-Subject"] = image.subject
        self.on_push(self.spot, name, image, tag)
        return answer


def handler(state: State, spot: Spot, port: int, on_push: Callable[[Spot, str, Image, str], None]) -> type[Handler]:
    """Make the handler of one account's registry in one region.

    Args:
        state: Of the double.
        spot: Account and region.
        port: Of the registry that keeps the bytes.
        on_push: Called with place, repository, image and tag after a manifest was put.

    Returns:
        The handler.
    """
    return type("Bound", (Data,), {"state": state, "spot": spot, "port": port, "on_push": staticmethod(on_push)})


def record(state: State, repository: Repository, data: bytes, kind: str, tag: str) -> Image:
    """Note a manifest that the registry took."""
    with state.lock:
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        kind = str(json.loads(data).get("mediaType") or kind)
        image = repository.images.setdefault(digest, Image(digest, kind, data, time.time()))
        if tag and tag not in image.tags:
            if (before := repository.tagged(tag)) is not None:
                before.tags.remove(tag)
            image.tags.append(tag)
        return image


def _referrers(repository: Repository, digest: str) -> Answer:
    entries = [
        {"mediaType": image.kind, "digest": image.digest, "size": len(image.data)}
        for image in repository.images.values()
        if image.subject == digest
    ]
    body = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}
    return Answer(200, json.dumps(body).encode(), {"Content-Type": OCI_INDEX})
