"""What the plugins of a team share: a job's standards, its rights by the team config service, its undoing.

Knows Waypoint by the SDK and standards by `teamconfig`; nothing of Kubernetes,
ECS or ECR. A plugin keeps here what another would otherwise have to copy.
"""
