"""Copies with the mover within a call: registries opened, cancelled with the call, shown on the terminal.

Owns the lifetime of connections. Which image goes where is for the callers.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from imagemover import copying
from imagemover.credentials import DockerConfig
from imagemover.errors import ImageError
from imagemover.jobs import Job, Options, Target
from imagemover.patience import Patience
from imagemover.registry import Registry
from team_ecr import faults
from team_ecr.progress import Progress, Reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from imagemover.credentials import Credential, Keyring
    from imagemover.ecr.cloud import Session
    from imagemover.ecr.registries import Ecr
    from imagemover.places import Source
    from imagemover.repository import Repository
    from team_ecr.places import Place
    from teamplugin.awsrights import AwsRights
    from waypaas_sdk.call import Call
    from waypaas_sdk.terminal import TerminalUI


class Mover:
    """What one call has at hand to reach registries; use `opened`.

    Args:
        call: Its cancellation stops copies at once.
        ui: Shows how far they are.
        closing: Closes connections.
    """

    def __init__(self, call: Call, ui: TerminalUI, closing: ExitStack) -> None:
        self.patience = Patience()
        self._ui = ui
        self._closing = closing
        self._registries: dict[str, Registry] = {}
        self._docker = DockerConfig()
        self._ecr: Ecr | None = None
        self._session: Session | None = None
        closing.enter_context(call.on_cancel(self.patience.cancellation.cancel))

    @property
    def ecr(self) -> Ecr:
        """All registries of ECR; boto3 is loaded by the first that is used."""
        if self._ecr is None:
            from imagemover.ecr.registries import Ecr  # noqa: PLC0415  # where ECR is reached only

            self._ecr = self._closing.enter_context(Ecr(self._session, self.patience, self._docker))
        return self._ecr

    def lend(self, rights: AwsRights | None, lent: Iterable[Place]) -> None:
        """Reach some registries of ECR by rights of the team config service, which are given back at the end.

        Args:
            rights: None: the user's own.
            lent: Places in these registries; all others are reached by the user's own credentials.

        Raises:
            ImageError: Nobody says which region is meant.
        """
        if rights is None:
            return
        from imagemover.ecr import cloud  # noqa: PLC0415  # where there is a service only
        from teamplugin import authority  # noqa: PLC0415

        registries = {(cloud.own_region(one.region), one.account) for one in lent if one.is_ecr}

        def session(region: str, account: str) -> Any:
            if (region, account) in registries:
                return rights.session(region)
            return cloud.own_session(region, account)

        self._closing.enter_context(authority.used(rights))
        self._session = session

    def credential(self, repository: Repository) -> Credential | None:
        """Give the credential of a repository's registry, to hand it to a builder.

        Args:
            repository: That `repository` gave.

        Returns:
            The credential; None if there is none.
        """
        host = repository.registry.host
        keyring: Keyring = self._docker if self._ecr is None else self._ecr.login
        return keyring(host)

    def repository(self, place: Place) -> Repository:
        """Reach a repository.

        Args:
            place: Where.

        Returns:
            The repository; whether it exists is seen when it is used.

        Raises:
            ImageError: ECR does not say where it is.
        """
        if not place.is_ecr:
            return self.registry(place.host, plain_http=place.plain_http).repository(place.repository)
        from imagemover.ecr import cloud, hosts  # noqa: PLC0415  # where ECR is reached only

        made = self.ecr.registry(hosts.build(place.account, cloud.own_region(place.region)))
        self._registries[made.host] = made
        return made.repository(place.repository)

    def registry(self, host: str, *, plain_http: bool | None = None) -> Registry:
        """Reach a registry, over the same connections each time.

        Args:
            host: With its port; of ECR or not.
            plain_http: As in `places.Place`.

        Returns:
            The registry.

        Raises:
            ImageError: It is ECR's, and that gives no password.
        """
        from imagemover.ecr import hosts  # noqa: PLC0415  # where registries are reached only

        found = self._registries.get(host)
        if found is None and (parsed := hosts.parse(host)) is not None:
            found = self._registries[host] = self.ecr.registry(parsed)
        if found is None:
            made = Registry(host, keyring=self._docker, patience=self.patience, plain_http=plain_http)
            found = self._registries[host] = self._closing.enter_context(made)
        return found

    @contextmanager
    def reading(self, what: str) -> Iterator[Reading]:
        """Show for the length of a block that an image is read.

        Args:
            what: Is being done: "Reading web:v1 from Docker".

        Yields:
            Takes the bytes that were read.
        """
        with self._ui.step_group() as steps, steps.add(what) as step:
            told = Reading(step, what, interactive=self._ui.interactive)
            yield told
            step.update(told.text)

    def send(
        self,
        source: Source,
        name: str,
        targets: Sequence[Repository],
        tags: Sequence[str],
        *,
        digest: str = "",
        move_tags: bool = False,
    ) -> str:
        """Copy an image with all that refers to it; nothing is tagged before it is whole.

        Args:
            source: Where it is.
            name: Tag or digest.
            targets: Where it goes.
            tags: That it gets.
            digest: That it must have; empty: any.
            move_tags: Whether a tag may be moved from another image.

        Returns:
            Its digest.

        Raises:
            ImageError: It did not arrive everywhere.
        """
        shown = f"{source.name}{'@' if ':' in name else ':'}{name}"
        there = " and ".join(one.name for one in targets)
        job = Job(source, name, tuple(Target(one, tuple(tags)) for one in targets), digest)
        with self._ui.step_group() as steps, steps.add(f"Looking at {shown}") as step:
            told = Progress(step, f"Sending {shown} to {there}", interactive=self._ui.interactive)
            options = Options(referrers=True, move_tags=move_tags)
            result = copying.copy([job], options, self.patience, told)
            found = result.images[0].digest
            step.update(f"{there}:{tags[0]}@{found}: {told.summary()}")
        return found


@contextmanager
def opened(call: Call, ui: TerminalUI) -> Iterator[Mover]:
    """Reach registries for the length of a block.

    Args:
        call: Its cancellation stops copies at once.
        ui: Shows how far they are.

    Yields:
        The mover.

    Raises:
        PluginError: Whatever the mover refuses or cannot do.
    """
    with ExitStack() as closing:
        try:
            yield Mover(call, ui, closing)
        except ImageError as err:
            call.check()
            raise faults.translated(err) from err
