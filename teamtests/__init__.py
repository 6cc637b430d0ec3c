"""Tests of an app, of its source and of its deployments: planned, run, reported.

Owns what the plugin `test` and the command `wps test` have in common, so that
both come to the same result. Knows nothing of release managers and builders.

`planning` says which tests there are, `running` runs them, one file per kind
of test beside it, `report` keeps what came out.
"""
