"""Rights at AWS: a session of boto3 whose credentials the team config service gives, and renews."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from teamplugin.authority import Rights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from teamconfig.stanza import Stanza
    from teamplugin.identity import Identity
    from teamplugin.standards import Resolved

PLATFORM = "aws"
REPOSITORIES = "ecr"
"""The platform word for rights at image repositories, and at nothing else."""

RENEW_SECONDS = 180
"""How long before their end credentials are renewed; they live for 15 minutes."""


class AwsRights(Rights):
    """As Rights, at AWS.

    Args:
        address: Of the service.
        identity: Whose app it is.
        action: Word of the policy.
        image: As in Rights.
        stanzas: As in Rights.
        platform: PLATFORM or REPOSITORIES.

    Raises:
        PluginError: Nobody is signed in at the service.
    """

    def __init__(
        self,
        address: str,
        identity: Identity,
        action: str,
        image: str = "",
        stanzas: Sequence[Stanza] = (),
        platform: str = PLATFORM,
    ) -> None:
        super().__init__(address, platform, identity, action, image, stanzas)

    def session(self, region: str) -> Any:
        """Get a session of boto3 whose credentials renew themselves; nothing of the user's own is looked at.

        Args:
            region: Of AWS.

        Returns:
            The session.

        Raises:
            PluginError: The service refuses, or is away.
        """
        import boto3  # type: ignore[import-untyped]  # noqa: PLC0415  # cloud calls only
        from botocore.credentials import RefreshableCredentials  # type: ignore[import-untyped]  # noqa: PLC0415
        from botocore.session import get_session  # type: ignore[import-untyped]  # noqa: PLC0415

        made = get_session()
        made._credentials = RefreshableCredentials.create_from_metadata(  # noqa: SLF001  # the SDK has no other way in
            metadata=self._metadata(),
            refresh_using=self._metadata,
            method="waypaas",
            advisory_timeout=RENEW_SECONDS,
            mandatory_timeout=RENEW_SECONDS // 3,
        )
        return boto3.session.Session(botocore_session=made, region_name=region)

    def _metadata(self) -> dict[str, str]:
        """Get credentials, as the SDK takes them."""
        made = self.credentials()
        return {
            "access_key": made.aws.access_key_id,
            "secret_key": made.aws.secret_access_key,
            "token": made.aws.session_token,
            "expiry_time": datetime.fromtimestamp(made.expires, UTC).isoformat(),
        }


def of(resolved: Resolved, action: str, image: str = "") -> AwsRights | None:
    """Give the rights for an app by the service that its standards come from.

    Args:
        resolved: The standards.
        action: Word of the policy.
        image: As in Rights.

    Returns:
        None where there is no service: the user's own credentials are used.

    Raises:
        PluginError: Nobody is signed in at the service.
    """
    if not resolved.authority:
        return None
    return AwsRights(resolved.authority, resolved.identity, action, image, resolved.stanzas)
