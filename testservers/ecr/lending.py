"""Sessions of STS, as far as ECR has to know them: whose account they are of, and what their policy allows.

moto gives the sessions; AWS would hold each call to the session policy, moto
does not, so the double does. Conditions are not looked at.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from testservers.ecr.listening import Answer, forward

if TYPE_CHECKING:
    from collections.abc import Mapping

_KEY = re.compile(r"<AccessKeyId>([A-Z0-9]+)</AccessKeyId>")
_ROLE = re.compile(r"arn:aws:iam::(\d{12}):role/(.+)")


@dataclass(frozen=True)
class Lent:
    """A session.

    Args:
        account: Of its role.
        role: Its name.
        statements: Of its policy; None: it has none.
    """

    account: str
    role: str
    statements: list[dict[str, Any]] | None

    def allows(self, action: str, resource: str) -> bool:
        """Tell whether the policy lets the session do something.

        Args:
            action: As "ecr:PutImage".
            resource: ARN of the repository; "*" where the action has none.
        """
        return self.statements is None or any(
            each["Effect"] == "Allow"
            and action in _listed(each["Action"])
            and {resource, "*"} & set(_listed(each["Resource"]))
            for each in self.statements
        )


def assumed(moto: int, headers: Mapping[str, str], body: bytes) -> tuple[Answer, str, Lent | None]:
    """Let moto give a session.

    Args:
        moto: Its port.
        headers: Of the call.
        body: Of the call.

    Returns:
        Its answer, and the session with its access key, if it gave one.
    """
    answer = forward(moto, "POST", "/", headers, body)
    asked = {name: values[0] for name, values in parse_qs(body.decode()).items()}
    key, role = _KEY.search(answer.body.decode()), _ROLE.match(asked.get("RoleArn", ""))
    if key is None or role is None:
        return answer, "", None
    policy = json.loads(asked["Policy"])["Statement"] if "Policy" in asked else None
    return answer, key[1], Lent(role[1], role[2], policy)


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
