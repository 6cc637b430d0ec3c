"""AWS: one way to call it, and finding what is there. boto3 is loaded by the first call."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from team_ecs import faults, names, routing
from waypaas_sdk.errors import MissingError, PluginError, PolicyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from team_ecs.place import Place
    from teamplugin.awsrights import AwsRights
    from waypaas_sdk.call import Call

DESCRIBED_TOGETHER = 10
"""Services in one DescribeServices."""

TAGS_TOGETHER = 20
"""Resources in one DescribeTags."""

TASKS_TOGETHER = 100

TOKENS = {
    "elbv2": ("NextMarker", "Marker"),
    "application-autoscaling": ("NextToken", "NextToken"),
    "ec2": ("NextToken", "NextToken"),
}
"""What a service calls the place of the next page, in its answer and in a request, where it is not nextToken."""

READINGS = 3
"""How often an operation is repeated whose answer cannot be read; each of ours may be."""

CUT_OFF = frozenset({"ResponseParserError", "IncompleteReadError", "ResponseStreamingError"})
NEVER_EMPTY = frozenset({"ecs", "logs", "sts"})
"""Services all of whose answers hold something, but those of EMPTY."""

EMPTY = frozenset({"TagResource"})

READS_HOLD = frozenset({"application-autoscaling"})
"""Services whose reads hold something, while their changes answer with nothing."""

PATIENT_ATTEMPTS = 8
HASTY_ATTEMPTS = 2


class Cloud:
    """AWS in one region.

    Args:
        place: Where.
        call: Cancelled, no further operation begins; None where one must be finished.
        notify: Told what is waited for.
        hasty: Rather fail soon than wait long.
        rights: Give credentials; None for the user's own.
    """

    def __init__(
        self,
        place: Place,
        call: Call | None = None,
        notify: Callable[[str], None] = lambda _: None,
        *,
        hasty: bool = False,
        rights: AwsRights | None = None,
    ) -> None:
        self.place = place
        self.notify = notify
        self._call = call
        self._hasty = hasty
        self._clients: dict[str, Any] = {}
        self._rights = rights
        self._session: Any = None

    def again(self) -> Cloud:
        """Give the same cloud, beyond the reach of the call's cancellation."""
        return Cloud(self.place, notify=self.notify, rights=self._rights)

    def check(self) -> None:
        """Stop the work of a cancelled call.

        Raises:
            CancelledError: The call was cancelled.
        """
        if self._call is not None:
            self._call.check()

    def ask(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        """Call one operation.

        Args:
            service: As boto3 calls it.
            operation: As AWS calls it.
            parameters: Of the operation.

        Returns:
            The answer.

        Raises:
            PluginError: It failed; throttling and faults of the network were tried again before.
            CancelledError: The call was cancelled.
        """
        for left in reversed(range(READINGS)):
            self.check()
            try:
                client = self._client(service)
                answer: dict[str, Any] = getattr(client, _snake(operation))(**parameters)
            except PluginError:
                raise  # of the service that gives credentials
            except Exception as err:
                if left and type(err).__name__ in CUT_OFF:
                    continue
                raise faults.told(err, service, operation, self.place) from err
            # Where JSON is cut off, the SDK gives an answer without anything in it.
            if answer.keys() - {"ResponseMetadata"} or _may_be_empty(service, operation):
                return answer
        raise faults.cut_off(service, operation, self.place)

    def pages(self, service: str, operation: str, key: str, /, **parameters: Any) -> list[Any]:
        """Call an operation until its last page.

        Args:
            service: As boto3 calls it.
            operation: As AWS calls it.
            key: Of the items in an answer.
            parameters: Of the operation.

        Returns:
            All items.

        Raises:
            PluginError: As in `ask`.
        """
        items: list[Any] = []
        token, asked = TOKENS.get(service, ("nextToken", "nextToken"))
        while True:
            answer = self.ask(service, operation, **parameters)
            items += answer.get(key) or ()
            if not answer.get(token):
                return items
            parameters[asked] = answer[token]

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            from botocore.config import Config  # type: ignore[import-untyped]  # noqa: PLC0415  # cloud calls only

            attempts = HASTY_ATTEMPTS if self._hasty else PATIENT_ATTEMPTS
            retries = {"mode": "adaptive", "total_max_attempts": attempts}
            config = Config(connect_timeout=5, read_timeout=5 if self._hasty else 20, retries=retries)
            if self._session is None:
                rights, region = self._rights, self.place.region
                self._session = _own_session(region) if rights is None else rights.session(region)
            self._clients[service] = self._session.client(service, config=config)
        return self._clients[service]

    def partition(self) -> str:
        """Ask whose credentials these are, and refuse those of another account than the place's.

        Returns:
            "aws", "aws-cn" or "aws-us-gov".

        Raises:
            PolicyError: They are of another account.
        """
        answer = self.ask("sts", "GetCallerIdentity")
        found = str(answer["Account"])
        if self.place.account and found != self.place.account:
            raise PolicyError(
                f"the AWS credentials are of account {found}",
                why=f"the standard ecs.account says {self.place.account}",
                fix="sign in to that account",
                where="ecs.account",
            )
        self.place = replace(self.place, account=found)
        return str(answer["Arn"]).split(":")[1]

    def services(self, wanted: Iterable[str]) -> list[dict[str, Any]]:
        """Read services of the cluster, with their tags.

        Args:
            wanted: Names or ARNs.

        Returns:
            Those that live, or are still draining.
        """
        listed, found = list(wanted), []
        for start in range(0, len(listed), DESCRIBED_TOGETHER):
            some = listed[start : start + DESCRIBED_TOGETHER]
            answer = self.ask("ecs", "DescribeServices", cluster=self.place.cluster, services=some, include=["TAGS"])
            found += [each for each in answer.get("services", ()) if each.get("status") != "INACTIVE"]
        return found

    def service(self, name: str) -> dict[str, Any] | None:
        """Read a service, with its tags; None if there is none."""
        return next(iter(self.services([name])), None)

    def target_group(self, name: str) -> dict[str, Any] | None:
        """Read a target group; None if there is none."""
        try:
            answer = self.ask("elbv2", "DescribeTargetGroups", Names=[name])
        except MissingError:
            return None
        return next(iter(answer.get("TargetGroups", ())), None)

    def load_balancer(self, name: str) -> dict[str, Any] | None:
        """Read a load balancer; None if there is none."""
        try:
            answer = self.ask("elbv2", "DescribeLoadBalancers", Names=[name])
        except MissingError:
            return None
        return next(iter(answer.get("LoadBalancers", ())), None)

    def tags(self, arns: Iterable[str]) -> dict[str, dict[str, str]]:
        """Read the tags of target groups and rules.

        Args:
            arns: Theirs.

        Returns:
            Tags by ARN.
        """
        listed = list(arns)
        found: dict[str, dict[str, str]] = {}
        for start in range(0, len(listed), TAGS_TOGETHER):
            answer = self.ask("elbv2", "DescribeTags", ResourceArns=listed[start : start + TAGS_TOGETHER])
            found |= {each["ResourceArn"]: names.read(each.get("Tags")) for each in answer.get("TagDescriptions", ())}
        return found

    def at(self, door: str) -> Cloud:
        """Give the same cloud with another listener or network load balancer."""
        other = Cloud(self.place.at(door), self._call, self.notify, hasty=self._hasty, rights=self._rights)
        other._session, other._clients = self._session, self._clients
        return other

    def rules(self) -> list[dict[str, Any]]:
        """Read all rules of the listener, or listeners of the network load balancer as rules; none if it is gone."""
        if not self.place.door:
            return []
        try:
            if self.place.network_arn:
                arn = self.place.network_arn
                there = self.pages("elbv2", "DescribeListeners", "Listeners", LoadBalancerArn=arn)
                return [routing.as_rule(listener) for listener in there]
            return self.pages("elbv2", "DescribeRules", "Rules", ListenerArn=self.place.listener_arn)
        except MissingError:
            return []

    def own_rules(self, wanted: Mapping[str, str], rules: Iterable[Mapping[str, Any]] | None = None) -> list[Any]:
        """Find the rules that have some tags.

        Args:
            wanted: Values by key.
            rules: Among which; None reads them.

        Returns:
            The rules, each with its tags under "Tags".
        """
        there = [rule for rule in (self.rules() if rules is None else rules) if not rule.get("IsDefault")]
        tags = self.tags(rule["RuleArn"] for rule in there)
        told = [{**rule, "Tags": tags.get(rule["RuleArn"], {})} for rule in there]
        return [rule for rule in told if names.has(rule["Tags"], wanted)]

    def health(self, target_group_arn: str) -> list[dict[str, Any]]:
        """Read the targets of a target group and how they are."""
        answer = self.ask("elbv2", "DescribeTargetHealth", TargetGroupArn=target_group_arn)
        return list(answer.get("TargetHealthDescriptions", ()))

    def tasks(self, service: str, status: str) -> list[dict[str, Any]]:
        """Read the tasks of a service.

        Args:
            service: Its name.
            status: "RUNNING", which includes those that start, or "STOPPED".

        Returns:
            The tasks.
        """
        cluster = self.place.cluster
        arns = self.pages("ecs", "ListTasks", "taskArns", cluster=cluster, serviceName=service, desiredStatus=status)
        found: list[dict[str, Any]] = []
        for start in range(0, len(arns), TASKS_TOGETHER):
            some = arns[start : start + TASKS_TOGETHER]
            found += self.ask("ecs", "DescribeTasks", cluster=cluster, tasks=some).get("tasks", ())
        return found


@functools.cache
def _own_session(region: str) -> Any:
    """Give boto3's session with the user's own credentials: one, as each reads megabytes of descriptions anew."""
    import boto3  # type: ignore[import-untyped]  # noqa: PLC0415  # cloud calls only

    return boto3.session.Session(region_name=region)


def _snake(operation: str) -> str:
    return "".join(f"_{sign.lower()}" if sign.isupper() else sign for sign in operation).lstrip("_")


def _may_be_empty(service: str, operation: str) -> bool:
    if service in READS_HOLD and operation.startswith("Describe"):
        return False
    return service not in NEVER_EMPTY or operation in EMPTY
