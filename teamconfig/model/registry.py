"""Section `registry`: where images live. Also the HCL options of the plugin team-ecr."""

from __future__ import annotations

from dataclasses import dataclass

from teamconfig.model.option import option


@dataclass(kw_only=True)
class Registry:
    """Where images live, and what a repository must look like."""

    url: str | None = option(
        "string", "Host of an OCI registry that is not ECR.", default="ECR of account and region",
        example="registry.acme.example",
    )  # fmt: skip
    region: str | None = option("string", "AWS region of ECR.", default="AWS_REGION", example="eu-west-1")
    account: str | None = option(
        "string", "AWS account of ECR.", default="that of the credentials", example="111122223333"
    )
    repository: str | None = option("string", "Name of the repository.", preset="{project}/{app}", template=True)
    tag: str | None = option(
        "string", "Tag for people to read; the digest is what is deployed.", default="the git commit", example="v1.2.3"
    )
    immutable: bool | None = option("bool", "A tag can never be moved to another image.", preset=True)
    scan_on_push: bool | None = option("bool", "Scan each image for known vulnerabilities.", preset=True)
    kms_key: str | None = option(
        "string", "Key that encrypts the images.", default="the registry's own", example="alias/images"
    )
    keep_images: int | None = option(
        "int", "Images to keep; older ones that run nowhere may go.", unit="images", bounds=(1, 10000), preset=100
    )
