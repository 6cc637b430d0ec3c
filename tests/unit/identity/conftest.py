"""Loads ldap3 before the tests do, without its warnings: it uses names that pyasn1 has given up."""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import ldap3  # type: ignore[import-untyped]  # noqa: F401  # ldap3 has no types
