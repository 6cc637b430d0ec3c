"""Blocks of section `kubernetes` about where and how many pods run, and who may reach them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from teamconfig.model import shapes
from teamconfig.model.option import option


@dataclass(kw_only=True)
class Autoscale:
    """A HorizontalPodAutoscaler, made as soon as `max_replicas` is set."""

    min_replicas: int | None = option("int", "Fewest replicas.", bounds=(1, 5000), default="replicas", example="2")
    max_replicas: int | None = option(
        "int", "Most replicas. Setting it turns autoscaling on.", bounds=(1, 5000), example="10"
    )
    cpu_percent: int | None = option(
        "int", "Average CPU use to hold, in percent of the request.", unit="percent", bounds=(1, 1000),
        default="75 if memory_percent is unset too", example="75",
    )  # fmt: skip
    memory_percent: int | None = option(
        "int", "Average memory use to hold, in percent of the request.", unit="percent", bounds=(1, 1000), example="80"
    )


@dataclass(kw_only=True)
class Disruption:
    """A PodDisruptionBudget: how many pods a drained node may take at once. None for a single replica."""

    max_unavailable: str | None = option(
        "string", "Most pods that may be missing, unless min_available is set.", preset="1", shape=shapes.COUNT
    )
    min_available: str | None = option(
        "string", "Fewest pods that must be left.", default="none", example="50%", shape=shapes.COUNT
    )


@dataclass(kw_only=True)
class Spread:
    """Pods are spread evenly over the values of a node's label."""

    required: ClassVar[tuple[str, ...]] = ("over",)

    over: str | None = option("string", "zone, node, or a label of nodes.", example="zone", shape=shapes.LABEL_KEY)
    max_skew: int | None = option("int", "Greatest difference.", bounds=(1, 100), default="1", example="1")
    strict: bool | None = option("bool", "Let pods wait rather than be uneven.", default="false")


@dataclass(kw_only=True)
class Toleration:
    """A taint of nodes that does not keep the pods away."""

    key: str | None = option("string", "Key of the taint.", default="any", example="dedicated", shape=shapes.LABEL_KEY)
    value: str | None = option("string", "Its value.", default="any", example="payments", shape=shapes.LABEL_VALUE)
    effect: str | None = option(
        "enum", "Its effect.", choices=("NoSchedule", "PreferNoSchedule", "NoExecute"), default="any"
    )

    needs: ClassVar[tuple[str, str]] = ("value", "key")


@dataclass(kw_only=True)
class NetworkPolicy:
    """A NetworkPolicy of the app's pods, made when it is enabled: what is not named cannot reach them."""

    enabled: bool | None = option("bool", "Make one.", preset=False)
    allow_from: list[str] | None = option(
        "list",
        "Who may open connections to the app: any, namespace (its own), namespace/NAME, "
        "app/NAME (of the same project), cidr/NET.",
        default="nobody", example='["namespace/ingress", "app/shop"]', shape=shapes.PEER,
    )  # fmt: skip
    allow_to: list[str] | None = option(
        "list", "Where the app may open connections to, beside DNS, in the same words.",
        default="anywhere", example='["app/database", "cidr/10.0.0.0/8"]', shape=shapes.PEER,
    )  # fmt: skip
