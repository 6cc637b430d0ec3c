"""Waypoint plugin team-k8s: an app on Kubernetes, by the standards of its team.

`plan` (pure) turns standards into manifests, `cloud` and its neighbours talk to
the API server, `platform` and `releaser` are what Waypoint calls.
"""
