"""Section `registry`: where images live, and how they come to be. Also the HCL options of the plugin team-ecr."""

from __future__ import annotations

from dataclasses import dataclass

from teamconfig.model.option import option
from teamconfig.model.shapes import Shape

_NAME = r"[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?"
_HOST = rf"{_NAME}(:[0-9]{{1,5}})?"
ADDRESS = Shape(rf"(https?://)?{_HOST}(/[-a-z0-9._/]*[a-z0-9])?", "a host, perhaps with :port and /path")
TAG = Shape(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", "a tag: letters, digits, '_', '.' and '-', at most 128", 128)
REPLICA = Shape(_HOST, "a region like eu-west-1, or the host of a registry")
ACCOUNT = Shape(r"[0-9]{12}", "the 12 digits of an AWS account", 12)
PLUGIN = Shape(r"[a-z0-9]([-a-z0-9_]*[a-z0-9])?", "the name of a builder as after `use`, or none", 63)
OPTION = Shape(r"[a-z][a-z0-9_]*", "the name of an option: lower case letters, digits and '_'", 63)


@dataclass(kw_only=True)
class Registry:
    """Where images live, how they are built, and what a repository must look like."""

    url: str | None = option(
        "string", "Host of an OCI registry that is not ECR, perhaps with a path that all repositories are below.",
        default="ECR of account and region", example="registry.acme.example", shape=ADDRESS,
    )  # fmt: skip
    region: str | None = option("string", "AWS region of ECR.", default="AWS_REGION", example="eu-west-1")
    account: str | None = option(
        "string", "AWS account of ECR.", default="that of the credentials", example="111122223333", shape=ACCOUNT
    )
    repository: str | None = option("string", "Name of the repository.", preset="{project}/{app}", template=True)
    tag: str | None = option(
        "string", "Tag for people to read; the digest is what is deployed.", default="the git commit",
        example="v1.2.3", shape=TAG,
    )  # fmt: skip
    replicas: list[str] | None = option(
        "list", "Where each image is brought too, and verified: regions of ECR in the same account, or hosts.",
        default="nowhere", example='["us-east-1", "eu-central-1"]', shape=REPLICA,
    )  # fmt: skip
    replication: str | None = option(
        "enum", "Who brings it there: push sends it; ecr waits until the replication rules of ECR have delivered it.",
        choices=("push", "ecr"), preset="push",
    )  # fmt: skip
    builder: str | None = option(
        "string", "Builder that makes the image in the first environment; none takes the one that "
        "builder_options.image names. In later environments nothing is built.", preset="docker", shape=PLUGIN,
    )  # fmt: skip
    builder_options: dict[str, str] | None = option(
        "map", "Options of that builder, by their names in waypoint.hcl; lists, maps and blocks as JSON.",
        example='{"disable_entrypoint": "true"}', key_shape=OPTION,
    )  # fmt: skip
    immutable: bool | None = option("bool", "A tag can never be moved to another image.", preset=True)
    scan_on_push: bool | None = option("bool", "Scan each image for known vulnerabilities.", preset=True)
    kms_key: str | None = option(
        "string", "Key that encrypts the images.", default="the registry's own", example="alias/images"
    )
    keep_images: int | None = option(
        "int", "Images to keep; older ones that run nowhere may go.", unit="images", bounds=(1, 10000), preset=100
    )
    pull_accounts: list[str] | None = option(
        "list", "Other AWS accounts that may pull from the repository.", default="none",
        example='["444455556666"]', shape=ACCOUNT,
    )  # fmt: skip
    settings: str | None = option(
        "enum", "What happens where a repository of ECR differs from these standards: mend changes it, refuse stops "
        "the push, report says it and goes on.", choices=("mend", "refuse", "report"), preset="mend",
    )  # fmt: skip
