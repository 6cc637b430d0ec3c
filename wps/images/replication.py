"""`wps image doctor`: why images are not where Amazon ECR's own replication should bring them.

Owns reading the names and showing what was found. What is looked for is the mover's.
"""

from __future__ import annotations

import importlib.util
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from imagemover import references
from imagemover.ecr import doctor, hosts
from imagemover.ecr.registries import Ecr
from imagemover.errors import ImageError, ReferenceSyntaxError
from imagemover.patience import Patience
from wps import terminal
from wps.images import refusals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imagemover.ecr.hosts import Host

_FIX = "write ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY"


def run(text: str, destinations: Sequence[str], *, as_json: bool) -> int:
    """Look.

    Args:
        text: The repository that images are pushed to, with ECR's host.
        destinations: Regions, or hosts of ECR.
        as_json: Whether other programs read it.

    Returns:
        1 if something is in the way, else 0.

    Raises:
        StandardsError: It is no repository of ECR, or ECR does not say.
    """
    with refusals.told():
        found = references.parse(text, "")
        source = hosts.parse(found.registry)
        if source is None:
            raise ReferenceSyntaxError(f"{text!r} is no repository of ECR", "its host is not one of ECR's", _FIX, text)
        targets = [_target(source, one) for one in destinations]
        if importlib.util.find_spec("boto3") is None:
            fix = "install waypaas with the extra ecr"
            raise ImageError("ECR's API cannot be asked", "boto3 is not installed", fix, str(source))
        with Ecr(patience=Patience()) as ecr:
            findings = doctor.examine(ecr.cloud, source, found.repository, targets)
    if as_json:
        terminal.document([asdict(one) for one in findings])
    for one in () if as_json else findings:
        first, _, rest = str(one).partition("\n")
        print(f"{terminal.coloured('fail', 'red')}  {terminal.printable(first)}\n{terminal.printable(rest)}")
    if not findings and not as_json:
        names = ", ".join(str(one) for one in targets)
        terminal.line(f"{found.repository}: nothing keeps ECR from replicating it to {names}")
    return 1 if findings else 0


def _target(source: Host, text: str) -> Host:
    """Read a destination: a region of the same account, or a host."""
    host = hosts.parse(text)
    if host is not None:
        return host
    try:
        hosts.partition(text)
        return replace(source, region=text)
    except ImageError as err:
        what, why = f"{text!r} is no place that ECR replicates to", "it is neither a region nor one of ECR's hosts"
        raise ReferenceSyntaxError(what, why, "write a region such as eu-west-1, or a host of ECR", text) from err
