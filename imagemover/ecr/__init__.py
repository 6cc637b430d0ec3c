"""Amazon ECR for the image mover: hosts, login, repositories and their settings, presence, replication.

    with Ecr(patience=patience) as ecr:
        far = ecr.registry(hosts.parse("111111111111.dkr.ecr.eu-central-1.amazonaws.com"))
        repositories.ensure(ecr.cloud, far.ecr, "team/web", Settings(is_immutable=True), "mend")
        copying.copy([Job(near, "v1", (Target(far.repository("team/web"), ("v1",)),))], Options(), patience)

Knows OCI and ECR; nothing of Waypoint, standards or teams (docs/design/0007).
boto3 is imported by the first call that needs it.
"""
