"""Waypoint plugin team-ecs: an app on AWS ECS, by the standards of its team.

`plan` (pure) turns standards into what AWS's API takes, `cloud` talks to it,
`platform` and `releaser` are what Waypoint calls.
"""
