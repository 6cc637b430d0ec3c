"""Where layers are read: signed URLs, as S3 has them behind ECR.

Owns the signature's check and the 503s; the bytes come from the registry of the
account and region that stand in the path.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from testservers.ecr.listening import Answer, Handler, forward

if TYPE_CHECKING:
    from testservers.ecr.state import Spot, State

_ERROR = '<?xml version="1.0"?><Error><Code>{}</Code><Message>{}</Message></Error>'


def url(state: State, spot: Spot, path: str, digest: str) -> str:
    """Sign a URL of a layer."""
    account, region = spot
    place = f"http://127.0.0.1:{state.storage_port}/{account}/{region}/{path}/{digest}"
    return f"{place}?X-Amz-Signature={state.sign()}"


def handler(state: State, registries: dict[Spot, int]) -> type[Handler]:
    """Make the handler of the storage."""

    class Storage(Handler):
        def reply(self, _body: bytes) -> Answer:
            parts = urlsplit(self.path)
            state.seen_by_storage.append(self.headers.get("Authorization", ""))
            if "Authorization" in self.headers:
                return _refused(400, "InvalidArgument", "Only one auth mechanism allowed")
            if not state.is_signed(parse_qs(parts.query).get("X-Amz-Signature", [""])[0]):
                return _refused(403, "AccessDenied", "Request has expired")
            if state.take("storage_busy"):
                return _refused(503, "SlowDown", "Please reduce your request rate.")
            account, region, *path, digest = parts.path.strip("/").split("/")
            wanted = {name: value for name, value in self.headers.items() if name.lower() == "range"}
            target = f"/v2/{'/'.join(path)}/blobs/{digest}"
            return forward(registries[account, region], self.command, target, wanted)

    return Storage


def _refused(status: int, code: str, message: str) -> Answer:
    return Answer(status, _ERROR.format(code, message).encode(), {"Content-Type": "application/xml"})
