"""Images and layers of a repository, as ECR's own API tells them.

Owns the answers; what was pushed comes from `state`, whether a layer is there
from the registry behind it.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, ClassVar

from testservers.ecr import storage
from testservers.ecr.data import OK
from testservers.ecr.listening import Answer, forward

if TYPE_CHECKING:
    from collections.abc import Iterable

    from testservers.ecr.state import Image, Repository, Spot, State

_DIGEST = re.compile(r"sha256:[a-f0-9]{64}\Z")
_MOST_LAYERS = 100
_PAGE = 100
"""Entries of a page at most, whatever is asked for, so that few are enough to see several pages."""
_JSON = {"Content-Type": "application/x-amz-json-1.1"}


class Images:
    """What is answered for images and layers.

    Args:
        state: Of the double.
        registries: Port of the registry behind each account and region.
    """

    OPERATIONS: ClassVar = frozenset(
        {
            "DescribeImages", "ListImages", "BatchGetImage", "BatchDeleteImage", "BatchCheckLayerAvailability",
            "GetDownloadUrlForLayer", "DescribeImageReplicationStatus",
        }
    )  # fmt: skip

    def __init__(self, state: State, registries: dict[Spot, int]) -> None:
        self._state = state
        self._registries = registries

    def answer(self, operation: str, spot: Spot, name: str, arguments: dict[str, Any]) -> Answer:
        """Answer one operation."""
        repository = self._state.repositories.get((spot, name))
        if repository is None:
            what = f"The repository with name '{name}' does not exist in the registry with id '{spot[0]}'"
            body = {"__type": "RepositoryNotFoundException", "message": what}
            return Answer(400, json.dumps(body).encode(), dict(_JSON))
        ask = {
            "DescribeImages": self._describe,
            "ListImages": self._list,
            "BatchGetImage": self._get,
            "BatchDeleteImage": self._delete,
            "BatchCheckLayerAvailability": self._availability,
            "GetDownloadUrlForLayer": self._url,
            "DescribeImageReplicationStatus": self._replicas,
        }[operation]
        with self._state.lock:
            found = ask(spot, name, repository, arguments)
        status = 400 if "__type" in found else 200
        return Answer(status, json.dumps(found).encode(), dict(_JSON))

    @staticmethod
    def _describe(spot: Spot, name: str, repository: Repository, arguments: dict[str, Any]) -> dict[str, Any]:
        images = list(repository.images.values())
        if wanted := arguments.get("imageIds"):
            chosen = [_find(repository, one) for one in wanted]
            if None in chosen:
                what = f"The image with imageId {wanted[chosen.index(None)]} does not exist within the repository"
                return {"__type": "ImageNotFoundException", "message": f"{what} with name '{name}'"}
            images = [image for image in chosen if image is not None]
        shown, more = page(images, arguments)
        details = [
            {
                "registryId": spot[0], "repositoryName": name, "imageDigest": image.digest,
                "imagePushedAt": image.pushed_at, "imageManifestMediaType": image.kind,
                "imageSizeInBytes": len(image.data),
            } | ({"imageTags": image.tags} if image.tags else {})
            for image in shown
        ]  # fmt: skip
        return {"imageDetails": details, **more}

    @staticmethod
    def _list(_spot: Spot, _name: str, repository: Repository, arguments: dict[str, Any]) -> dict[str, Any]:
        ids: list[dict[str, str]] = []
        for image in repository.images.values():
            ids += [{"imageDigest": image.digest, "imageTag": tag} for tag in image.tags]
            ids += [] if image.tags else [{"imageDigest": image.digest}]
        shown, more = page(ids, arguments)
        return {"imageIds": shown, **more}

    @staticmethod
    def _get(spot: Spot, name: str, repository: Repository, arguments: dict[str, Any]) -> dict[str, Any]:
        images, failures = [], []
        for wanted in arguments["imageIds"]:
            image = _find(repository, wanted)
            if image is None:
                failures.append(
                    {"imageId": wanted, "failureCode": "ImageNotFound", "failureReason": "Requested image not found"}
                )
                continue
            images.append(
                {"registryId": spot[0], "repositoryName": name, "imageId": wanted | {"imageDigest": image.digest},
                 "imageManifest": image.data.decode(), "imageManifestMediaType": image.kind}
            )  # fmt: skip
        return {"images": images, "failures": failures}

    def _delete(self, spot: Spot, name: str, repository: Repository, arguments: dict[str, Any]) -> dict[str, Any]:
        gone = []
        for wanted in arguments["imageIds"]:
            image = _find(repository, wanted)
            if image is None:
                continue
            gone.append(wanted)
            tag = wanted.get("imageTag", "")
            if tag in image.tags:
                image.tags.remove(tag)
            if not tag or not image.tags:
                repository.images.pop(image.digest)
                forward(self._registries[spot], "DELETE", f"/v2/{name}/manifests/{image.digest}", {})
        return {"imageIds": gone, "failures": []}

    def _availability(self, spot: Spot, name: str, _: Repository, arguments: dict[str, Any]) -> dict[str, Any]:
        wanted = arguments["layerDigests"]
        if not 0 < len(wanted) <= _MOST_LAYERS:
            return {"__type": "InvalidParameterException", "message": "layerDigests must have 1 to 100 entries"}
        layers: list[dict[str, Any]] = []
        failures = []
        for digest in wanted:
            if not _DIGEST.match(digest):
                failures.append({"layerDigest": digest, "failureCode": "InvalidLayerDigest", "failureReason": "bad"})
                continue
            there = forward(self._registries[spot], "HEAD", f"/v2/{name}/blobs/{digest}", {})
            found = there.status == OK
            size = {"layerSize": int(there.headers["Content-Length"])} if found else {}
            available = "AVAILABLE" if found else "UNAVAILABLE"
            layers.append({"layerDigest": digest, "layerAvailability": available} | size)
        return {"layers": layers, "failures": failures}

    def _url(self, spot: Spot, name: str, repository: Repository, arguments: dict[str, Any]) -> dict[str, Any]:
        digest = arguments["layerDigest"]
        if not any(digest.encode() in image.data for image in repository.images.values()):
            return {"__type": "LayerInaccessibleException", "message": f"{digest} is referenced by no image"}
        return {"downloadUrl": storage.url(self._state, spot, name, digest), "layerDigest": digest}

    @staticmethod
    def _replicas(_: Spot, name: str, repository: Repository, arguments: dict[str, Any]) -> dict[str, Any]:
        image = _find(repository, arguments["imageId"])
        if image is None:
            what = f"The image with imageId {arguments['imageId']} does not exist"
            return {"__type": "ImageNotFoundException", "message": f"{what} within the repository with name '{name}'"}
        statuses: Iterable[tuple[Spot, str]] = image.replicas.items()
        return {
            "repositoryName": name,
            "imageId": arguments["imageId"],
            "replicationStatuses": [
                {"region": region, "registryId": account, "status": status}
                | ({"failureCode": "ImageReplicationFailed"} if status == "FAILED" else {})
                for (account, region), status in statuses
            ],
        }


def page(found: list[Any], arguments: dict[str, Any]) -> tuple[list[Any], dict[str, str]]:
    """Cut a listing into pages."""
    begin = int(arguments.get("nextToken") or 0)
    size = min(int(arguments.get("maxResults") or _PAGE), _PAGE)
    more = {"nextToken": str(begin + size)} if len(found) > begin + size else {}
    return found[begin : begin + size], more


def _find(repository: Repository, wanted: dict[str, str]) -> Image | None:
    image = repository.images.get(wanted["imageDigest"]) if "imageDigest" in wanted else None
    if "imageDigest" not in wanted:
        image = repository.tagged(wanted["imageTag"])
    return image
