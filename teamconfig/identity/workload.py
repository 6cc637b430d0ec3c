"""CI jobs that prove what they are by their CI system's token.

Owns the names that the CI systems give to repository, ref and environment. What
a job may do is bound to them in the standards, by `policy`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from teamconfig.identity.errors import refused
from teamconfig.identity.names import printable
from teamconfig.identity.oidc import Identity
from teamconfig.identity.principal import Membership, Principal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from teamconfig.identity.signedtoken import SignedTokens

MOST_LETTERS = 512
"""Of one claim."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a CI system spells its claims.

    Args:
        system: Its name in the configuration.
        claims: Our name by theirs. Ours: repository, repository_id, owner_id, ref, ref_type, ref_protected,
            environment, event, run, commit, workflow.
        needed: Ours, without which a token says nothing.
    """

    system: str
    claims: Mapping[str, str]
    needed: frozenset[str] = frozenset({"repository", "repository_id", "ref"})


GITHUB = Layout(
    "github",
    {
        "repository": "repository",
        "repository_id": "repository_id",
        "repository_owner_id": "owner_id",
        "ref": "ref",
        "ref_type": "ref_type",
        "ref_protected": "ref_protected",
        "environment": "environment",
        "event_name": "event",
        "run_id": "run",
        "sha": "commit",
        "job_workflow_ref": "workflow",
    },
)
"""Source: GitHub Actions, OpenID Connect reference, "the OIDC token"."""

GITLAB = Layout(
    "gitlab",
    {
        "project_path": "repository",
        "project_id": "repository_id",
        "namespace_id": "owner_id",
        "ref_path": "ref",
        "ref_type": "ref_type",
        "ref_protected": "ref_protected",
        "environment": "environment",
        "pipeline_source": "event",
        "pipeline_id": "run",
        "sha": "commit",
        "ci_config_ref_uri": "workflow",
    },
)
"""`ref_path`, not `ref`: "refs/heads/main" for a branch, "refs/merge-requests/7/head" for somebody's proposal.

Source: GitLab CI/CD, OpenID Connect (ID) token authentication, "token payload".
"""

LAYOUTS = {layout.system: layout for layout in (GITHUB, GITLAB)}
"""By the name in the configuration."""


class WorkloadVerifier:
    """Verifies jobs' tokens of one CI system. May be used by several threads.

    Args:
        tokens: Verifies signature, issuer, audience and times.
        layout: How the system spells its claims.
    """

    def __init__(self, tokens: SignedTokens, layout: Layout) -> None:
        self.tokens = tokens
        self.layout = layout

    def verify(self, token: str) -> Identity:
        """Verify a job's token.

        Args:
            token: As received.

        Returns:
            The job: no groups, but claims.

        Raises:
            RefusedError: The token proves nothing, or does not say which repository and ref it is for.
            UnavailableError: The CI system's keys cannot be had.
        """
        signed = self.tokens.verify(token)
        claims = claims_of(signed.values, self.layout)
        missing = sorted(self.layout.needed - claims.keys())
        if missing:
            theirs = {ours: name for name, ours in self.layout.claims.items()}
            raise refused(
                "token_claims",
                f"the job's token lacks {', '.join(theirs[name] for name in missing)}",
                f"a token of {self.layout.system} says which repository and ref its job is of",
                "check that the provider's `system` is the CI system that issues the tokens",
                f"a token of {printable(signed.issuer, 200)}",
            )
        name = printable(f"{claims['repository']}@{claims['ref']}")
        return Identity(
            Principal(signed.issuer, signed.subject, name, "workload"),
            Membership(read_at=signed.issued_at, claims=claims),
            "",
            signed.expires,
            signed.token_id,
        )


def claims_of(values: Mapping[str, Any], layout: Layout) -> dict[str, str]:
    """Give a job's claims by our names.

    Args:
        values: Claims of a verified token.
        layout: How they are spelt.

    Returns:
        Texts; "true" or "false" for `ref_protected`, and only "true" means it. What is empty or odd is left out.
    """
    found = {}
    for theirs, ours in layout.claims.items():
        value = values.get(theirs)
        text = str(value).lower() if isinstance(value, bool) else str(value) if isinstance(value, int) else value
        if isinstance(text, str) and 0 < len(text) <= MOST_LETTERS and printable(text, MOST_LETTERS) == text:
            found[ours] = text
    found["ref_protected"] = "true" if found.get("ref_protected") == "true" else "false"
    return found
