"""Moves container images between registries by digest, every byte verified, the tag set last.

Knows OCI and Docker's formats and protocols; nothing of Waypoint, of standards, or of a cloud.
Entry points: `copying.copy`, `references.parse`, `registry.Registry`, `layout.Layout`, `archives.open_archive`.
"""
