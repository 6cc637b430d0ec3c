"""Rights at AWS: a session of boto3 whose credentials the team config service gives, and renews."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from teamplugin.authority import Rights

RENEW_SECONDS = 180
"""How long before their end credentials are renewed; they live for 15 minutes."""


class AwsRights(Rights):
    """As Rights, at AWS."""

    platform = "aws"

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


class RepositoryRights(AwsRights):
    """As Rights, at image repositories of AWS, and at nothing else."""

    platform = "ecr"
