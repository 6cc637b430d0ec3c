"""Section `network`: how the world reaches an app."""

from __future__ import annotations

from dataclasses import dataclass

from teamconfig.model import shapes
from teamconfig.model.option import option


@dataclass(kw_only=True)
class Tls:
    """Encryption between the client and the ingress."""

    enabled: bool | None = option("bool", "Serve HTTPS.", preset=True)
    secret: str | None = option(
        "string", "Secret with the certificate.", default="made by the issuer", example="web-tls", template=True,
        shape=shapes.NAME,
    )  # fmt: skip
    issuer: str | None = option(
        "string", "cert-manager issuer of the cluster.", default="none", example="letsencrypt", shape=shapes.NAME
    )
    certificate_arn: str | None = option(
        "string", "Certificate of an AWS load balancer.", example="arn:aws:acm:eu-west-1:111122223333:certificate/1"
    )


@dataclass(kw_only=True)
class Gateway:
    """A Gateway API Gateway; with it the app gets an HTTPRoute instead of an Ingress."""

    name: str | None = option("string", "Gateway.", default="none: an Ingress", example="public", shape=shapes.NAME)
    namespace: str | None = option(
        "string", "Its namespace.", default="the app's", example="gateways", shape=shapes.LABEL
    )
    listener: str | None = option("string", "Listener of it.", default="any", example="https", shape=shapes.NAME)


@dataclass(kw_only=True)
class Network:
    """How the world reaches an app. Without `host` it is reached by its Service only."""

    host: str | None = option(
        "string", 'Name of the app in DNS; {preview} is "-login" in the preview of branch login, and else nothing.',
        default="none: no ingress", example="{app}{preview}.{environment}.acme.example", template=True, previews=True,
        shape=shapes.HOST,
    )  # fmt: skip
    path: str | None = option("string", "Path that belongs to the app.", preset="/", shape=shapes.ROUTE_PATH)
    path_type: str | None = option("enum", "How the path is compared.", choices=("Prefix", "Exact"), preset="Prefix")
    ingress_class: str | None = option(
        "string", "Class of the ingress.", default="the cluster's", example="nginx", shape=shapes.NAME
    )
    gateway: Gateway | None = option("block", "Gateway that the app is reached by, instead of an Ingress.")
    annotations: dict[str, str] | None = option(
        "map", "Annotations of the ingress.", example='{"nginx.ingress.kubernetes.io/proxy-body-size": "8m"}',
        key_shape=shapes.LABEL_KEY,
    )  # fmt: skip
    allowed_cidrs: list[str] | None = option(
        "list", "Client networks that may reach the app.", default="any", example='["10.0.0.0/8"]',
        shape=shapes.NETWORK,
    )  # fmt: skip
    tls: Tls | None = option("block", "Encryption between the client and the ingress.")
