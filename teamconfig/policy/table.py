"""The frozen table: which role may do what in which kind of environment, and what nothing may permit.

What no line of YAML may grant stands here as code: the standards bind groups to
roles, they never say what a role may do. Absent from the table is denied.

A deploy into production is a promotion by another name: the same role, the same
conditions.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from teamconfig.policy.words import Action, EnvironmentKind, Reason, Role

if TYPE_CHECKING:
    from collections.abc import Mapping

_DEV, _STAGE, _PRODUCTION, _NONE = (
    EnvironmentKind.DEV,
    EnvironmentKind.STAGE,
    EnvironmentKind.PRODUCTION,
    EnvironmentKind.NONE,
)
_EVERYWHERE = (_DEV, _STAGE, _PRODUCTION, _NONE)
_VIEWER, _DEVELOPER, _LEAD, _CI = Role.VIEWER, Role.DEVELOPER, Role.LEAD, Role.CI
_ADMIN, _SECURITY = Role.PLATFORM_ADMIN, Role.SECURITY

Key = tuple[str, str]
"""An action and a kind of environment."""

_ROWS = (
    ((Action.READ,), _EVERYWHERE, (_VIEWER, _DEVELOPER, _LEAD, _CI, _ADMIN, _SECURITY)),
    ((Action.LOGS,), (_DEV, _STAGE), (_VIEWER, _DEVELOPER, _LEAD, _CI, _ADMIN)),
    ((Action.LOGS,), (_PRODUCTION,), (_DEVELOPER, _LEAD, _ADMIN)),
    ((Action.BUILD,), (_DEV,), (_DEVELOPER, _LEAD, _CI)),
    ((Action.DEPLOY, Action.REDEEM), (_DEV, _STAGE), (_DEVELOPER, _LEAD, _CI)),
    ((Action.PROMOTE,), (_STAGE,), (_DEVELOPER, _LEAD, _CI)),
    ((Action.PROMOTE, Action.DEPLOY, Action.DESTROY), (_PRODUCTION,), (_LEAD,)),
    ((Action.REDEEM,), (_PRODUCTION,), (_LEAD, _CI)),
    ((Action.APPROVE,), (_PRODUCTION,), (_LEAD, _SECURITY)),
    ((Action.EXEC,), (_DEV, _STAGE), (_DEVELOPER, _LEAD)),
    ((Action.DESTROY,), (_DEV,), (_DEVELOPER, _LEAD, _CI)),
    ((Action.DESTROY,), (_STAGE,), (_DEVELOPER, _LEAD, _CI)),
    ((Action.RECORD,), (_DEV, _STAGE), (_DEVELOPER, _LEAD, _CI)),
    ((Action.RECORD,), (_PRODUCTION,), (_LEAD, _CI)),
    ((Action.REJECT,), (_NONE,), (_DEVELOPER, _LEAD, _ADMIN, _SECURITY)),
    ((Action.UNREJECT,), (_NONE,), (_LEAD, _SECURITY)),
    ((Action.HOLD,), (_DEV, _STAGE), (_DEVELOPER, _LEAD)),
    ((Action.HOLD,), (_PRODUCTION,), (_LEAD, _SECURITY)),
    ((Action.WAIVE,), (_STAGE,), (_LEAD, _SECURITY)),
    ((Action.WAIVE,), (_PRODUCTION,), (_SECURITY,)),
    ((Action.REGISTER,), _EVERYWHERE, (_DEVELOPER, _LEAD)),
    ((Action.LOCK, Action.AUDIT_READ, Action.AUDIT_VERIFY), _EVERYWHERE, (_LEAD, _ADMIN, _SECURITY)),
    ((Action.LOCK_SELF, Action.AUDIT_OWN), _EVERYWHERE, (_VIEWER, _DEVELOPER, _LEAD, _ADMIN, _SECURITY)),
)
TABLE: Mapping[Key, frozenset[Role]] = MappingProxyType(
    {(action, kind): frozenset(roles) for actions, kinds, roles in _ROWS for action in actions for kind in kinds}
)
"""Roles that may, by action and kind of environment: team roles in their own team, roles of the company in all."""

FORBID: Mapping[Key, Reason] = MappingProxyType(
    {
        **{(Action.CONFIGURE, kind): Reason.CONFIG_BY_REVIEW for kind in _EVERYWHERE},
        (Action.EXEC, _PRODUCTION): Reason.EXEC_IN_PRODUCTION,
    }
)
"""What nobody may, whatever the table says."""

OFFLINE = frozenset(
    (action, kind)
    for actions, kinds in (
        ((Action.WHOAMI, Action.READ), (_DEV, _STAGE, _NONE)),
        ((Action.LOGS,), (_DEV, _STAGE)),
        ((Action.BUILD, Action.DEPLOY), (_DEV,)),
    )
    for action in actions
    for kind in kinds
)
ABOUT_ONESELF = frozenset({Action.LOCK_SELF, Action.AUDIT_OWN})
BY_ANOTHER = frozenset({Action.APPROVE, Action.UNREJECT})
"""What nobody does about their own: approve a request, take back a rejection."""
PROTECTED_REF = frozenset(
    {
        (Action.DEPLOY, _STAGE), (Action.DESTROY, _STAGE), (Action.PROMOTE, _STAGE), (Action.REDEEM, _STAGE),
        (Action.REDEEM, _PRODUCTION), (Action.RECORD, _STAGE), (Action.RECORD, _PRODUCTION),
    }
)  # fmt: skip
"""What a CI job does for a protected ref only."""
LINEAGE = frozenset(
    {
        (Action.PROMOTE, _STAGE), (Action.PROMOTE, _PRODUCTION), (Action.DEPLOY, _PRODUCTION),
        (Action.REDEEM, _PRODUCTION),
    }
)  # fmt: skip
"""What takes an image that ran in the environment before."""
LEAST_APPROVALS: Mapping[Key, int] = MappingProxyType(
    {
        (Action.PROMOTE, _PRODUCTION): 0,
        (Action.DEPLOY, _PRODUCTION): 0,
        (Action.REDEEM, _PRODUCTION): 0,
        (Action.DESTROY, _PRODUCTION): 1,
    }
)
"""What may need others to approve, and how many do at least, whatever the standards say."""
