"""ECR's own API: moto's for repositories and policies, ours for images, layers, tokens and pages.

Owns the split between the two. The account is read off the access key; no
signature is checked.

Source: Amazon ECR API reference, 2015-09-21.
"""

from __future__ import annotations

import base64
import json
import re
import time
from typing import TYPE_CHECKING, Any

from testservers.ecr import lending
from testservers.ecr.data import OK, arn
from testservers.ecr.images import Images, page
from testservers.ecr.listening import Answer, Handler, RefusedError, forward
from testservers.ecr.state import PULLING, Repository

if TYPE_CHECKING:
    from testservers.ecr.lending import Lent
    from testservers.ecr.state import Spot, State

_CREDENTIAL = re.compile(r"Credential=([A-Z0-9]+)/\d+/([a-z0-9-]+)/([a-z-]+)/")
_KEY = re.compile(r"AKIATEST(\d{12})")
_TARGET = "AmazonEC2ContainerRegistry_V20150921."
_PUBLIC_TARGET = "SpencerFrontendService."
_JSON = {"Content-Type": "application/x-amz-json-1.1"}


def access_key(account: str) -> str:
    """Give the access key that stands for an account."""
    return f"AKIATEST{account}"


def refusal(code: str, message: str, status: int = 400) -> Answer:
    """Answer as AWS refuses."""
    return Answer(status, json.dumps({"__type": code, "message": message}).encode(), dict(_JSON))


_NOBODY = refusal("UnrecognizedClientException", "The security token included in the request is invalid.")


class Control:
    """The API of all accounts and regions.

    Args:
        state: Of the double.
        moto: Port of moto's server.
        registries: Port of the registry behind each account and region.
    """

    def __init__(self, state: State, moto: int, registries: dict[Spot, int]) -> None:
        self.state = state
        self._moto = moto
        self.images = Images(state, registries)

    def handler(self) -> type[Handler]:
        """Make the handler."""
        control = self

        class Front(Handler):
            def reply(self, body: bytes) -> Answer:
                return control.answer(dict(self.headers.items()), body)

        return Front

    def answer(self, headers: dict[str, str], body: bytes) -> Answer:
        """Answer a call."""
        fields = {name.lower(): value for name, value in headers.items()}
        match = _CREDENTIAL.search(fields.get("authorization", ""))
        if match is None:
            return _NOBODY
        if match[3] == "sts":
            return self._assumed(headers, body)
        region, target = match[2], fields.get("x-amz-target", "")
        principal, lent = self._caller(match[1])
        arguments = json.loads(body or b"{}")
        operation = target.rpartition(".")[2]
        spot = (arguments.get("registryId", principal), region)
        self.state.calls.append((operation, spot, arguments))
        if self.state.take("api_throttled"):
            raise RefusedError(refusal("ThrottlingException", "Rate exceeded"))
        if self.state.take("expired_keys"):
            raise RefusedError(refusal("ExpiredTokenException", "The security token is expired"))
        self._hold(lent, operation, spot, arguments)
        if operation == "GetAuthorizationToken":
            return self._tokens(principal, region, arguments, lent, public=target.startswith(_PUBLIC_TARGET))
        if spot not in self.state.spots:
            return _NOBODY
        self._admit(principal, spot, operation, arguments)
        if operation == "CreateRepository" and self.state.take("rivals"):
            self.create(spot, arguments["repositoryName"])
        if operation in Images.OPERATIONS:
            return self.images.answer(operation, spot, arguments.get("repositoryName", ""), arguments)
        return self._by_moto(operation, spot, arguments, headers, body)

    def _caller(self, access_key: str) -> tuple[str, Lent | None]:
        """Give the account of an access key, and the session that it is of, if it is one."""
        lent, own = self.state.lent.get(access_key), _KEY.fullmatch(access_key)
        if lent is None and own is None:
            raise RefusedError(_NOBODY)
        return (lent.account, lent) if lent is not None else (own[1] if own else "", None)

    def _assumed(self, headers: dict[str, str], body: bytes) -> Answer:
        answer, key, lent = lending.assumed(self._moto, headers, body)
        if lent is not None:
            self.state.lent[key] = lent
        return answer

    def _hold(self, lent: Lent | None, operation: str, spot: Spot, arguments: dict[str, Any]) -> None:
        """Hold a session to its policy."""
        name = arguments.get("repositoryName") or next(iter(arguments.get("repositoryNames") or []), "")
        resource = arguments.get("resourceArn") or (arn(spot, name) if name else "*")
        if lent is not None and not lent.allows(f"ecr:{operation}", resource):
            what = f"User: role/{lent.role} is not authorized to perform: ecr:{operation} on resource: {resource}"
            raise RefusedError(refusal("AccessDeniedException", what))

    def _admit(self, principal: str, spot: Spot, operation: str, arguments: dict[str, Any]) -> None:
        repository = self.state.repositories.get((spot, arguments.get("repositoryName", "")))
        action = frozenset({f"ecr:{operation}"})
        may = principal == spot[0] or (
            repository is not None
            and action <= PULLING | {"ecr:DescribeImages", "ecr:ListImages"}
            and repository.admits(principal, spot[0], action)
        )
        if not may:
            what = f"User: arn:aws:iam::{principal}:root is not authorized to perform: ecr:{operation}"
            raise RefusedError(refusal("AccessDeniedException", what))

    def _by_moto(
        self, operation: str, spot: Spot, arguments: dict[str, Any], headers: dict[str, str], body: bytes
    ) -> Answer:
        name = arguments.get("repositoryName", "")
        repository = self.state.repositories.get((spot, name))
        if operation == "DeleteRepository" and repository and repository.images and not arguments.get("force"):
            return refusal("RepositoryNotEmptyException", f"The repository '{name}' is not empty")
        answer = forward(self._moto, "POST", "/", headers | {"x-moto-account-id": spot[0]}, body)
        if answer.status != OK:
            return answer
        if operation == "DescribeRepositories":
            found = json.loads(answer.body)
            pages = page(found["repositories"], arguments)
            found["repositories"] = pages[0]
            return Answer(200, json.dumps(found | pages[1]).encode(), dict(_JSON))
        self._note(operation, spot, arguments)
        return answer

    def _note(self, operation: str, spot: Spot, arguments: dict[str, Any]) -> None:
        """Keep what the data plane must know of a change that moto has made."""
        state, name = self.state, arguments.get("repositoryName", "")
        with state.lock:
            repository = state.repositories.get((spot, name))
            if operation == "CreateRepository":
                repository = state.repositories[spot, name] = Repository()
            if operation in {"CreateRepository", "PutImageTagMutability"} and repository:
                repository.mutability = arguments.get("imageTagMutability", "MUTABLE")
                repository.filters = arguments.get("imageTagMutabilityExclusionFilters") or []
            if operation == "SetRepositoryPolicy" and repository:
                repository.policy = arguments["policyText"]
            if operation == "DeleteRepositoryPolicy" and repository:
                repository.policy = ""
            if operation == "DeleteRepository":
                state.repositories.pop((spot, name), None)
            if operation == "PutReplicationConfiguration":
                state.rules[spot] = (time.time(), arguments["replicationConfiguration"]["rules"])
            if operation == "PutRegistryPolicy":
                state.registry_policies[spot] = arguments["policyText"]

    def create(self, spot: Spot, name: str) -> None:
        """Create a repository with ECR's defaults, as its replication does."""
        account, region = spot
        credential = f"{access_key(account)}/20200101/{region}/ecr/aws4_request"
        headers = {
            "Authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0",
            "X-Amz-Target": _TARGET + "CreateRepository",
            "Content-Type": _JSON["Content-Type"],
        }
        self.answer(headers, json.dumps({"repositoryName": name}).encode())

    def _tokens(
        self, principal: str, region: str, arguments: dict[str, Any], lent: Lent | None, *, public: bool
    ) -> Answer:
        if public:
            body: dict[str, Any] = {"authorizationData": self._token(principal, region, lent)}
            return Answer(200, json.dumps(body).encode(), dict(_JSON))
        data = []
        for account in arguments.get("registryIds") or [principal]:
            port = self.state.data_ports.get((account, region))
            if port is None:
                return refusal("InvalidParameterException", f"no registry {account} in {region}")
            real = f"https://{principal}.dkr.ecr.{region}.amazonaws.com"
            endpoint = real if self.state.quirks.tell_real_host else f"http://127.0.0.1:{port}"
            data.append(self._token(principal, region, lent) | {"proxyEndpoint": endpoint})
        return Answer(200, json.dumps({"authorizationData": data}).encode(), dict(_JSON))

    def _token(self, principal: str, region: str, lent: Lent | None) -> dict[str, Any]:
        password, life = self.state.issue(principal, region, lent)
        expires = 1420070400 if self.state.quirks.tell_past_expiry else time.time() + life
        return {"authorizationToken": base64.b64encode(f"AWS:{password}".encode()).decode(), "expiresAt": expires}
