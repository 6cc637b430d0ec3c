"""Which tests there are: those of the standards, and those of waypoint.hcl. Pure.

The file may add tests. It can neither remove nor change one that the standards
demand, and a name that they require must be among the tests.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from teamconfig import kinds, units
from teamconfig.keys import nearest
from teamconfig.model import tests as model
from teamconfig.schema import specs
from teamconfig.stanza import literal
from waypaas_sdk.errors import OptionError, PolicyError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from teamconfig.model import Tests
    from teamconfig.model.tests import Check

Stage = Literal["build", "release"]

STANDARDS, FILE = "the standards", "waypoint.hcl"
"""Origins of a test."""

DEFAULT_KIND = "http"
ASKING = frozenset({"http", "contract"})
"""Kinds that ask the deployment themselves, and so need a way to it."""


@dataclass(frozen=True)
class Test:
    """One test to run.

    Args:
        name: Unique among those that run together.
        kind: "http", "command", "job" or "contract".
        origin: Who demands it.
        timeout_seconds: Of one try.
        retries: How often it is tried again.
        check: What it does.
    """

    name: str
    kind: str
    origin: str
    timeout_seconds: float
    retries: int
    check: Check

    @property
    def spec_hash(self) -> str:
        """SHA-256 in hex of what it does, as evidence is kept by; who demands it and how it is retried are left out."""
        facts = {
            field.name: value
            for field in dataclasses.fields(self.check)
            if field.name not in {"stage", "retries"} and (value := getattr(self.check, field.name)) is not None
        }
        text = json.dumps(facts | {"kind": self.kind}, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def plan(standards: Tests, own: Sequence[Check], stage: Stage, where: str) -> list[Test]:
    """Collect the tests of a stage.

    At a release those of the build run too: a waypoint.hcl may have built without them.

    Args:
        standards: Section `tests` of the profile.
        own: Tests of waypoint.hcl.
        stage: Which.
        where: Path of the `use` in waypoint.hcl.

    Returns:
        The tests of the standards first, each part in its order.

    Raises:
        OptionError: A test of waypoint.hcl lacks what its kind needs; all problems at once.
        PolicyError: It has the name of one of the standards, or one that they require is missing.
    """
    demanded = [check for check in standards.checks if stage == "release" or check.stage == "build"]
    tests = [_test(check, standards, STANDARDS) for check in demanded]
    names = {check.name for check in standards.checks}
    wrong: list[OptionError] = []
    for check in own:
        place = f"{where}.test.{check.name}"
        if check.name in names:
            raise PolicyError(
                f'test "{check.name}" cannot be changed here',
                why="the standards demand a test of that name; a waypoint.hcl adds tests, and changes none of them",
                fix="give yours another name",
                where=place,
            )
        if any(test.name == check.name for test in tests):
            wrong.append(OptionError(f'test "{check.name}" is there twice', fix="give one another name", where=place))
        unfit = list(_unfit(check, place))
        wrong += unfit or [OptionError(text, fix=fix, where=place) for text, fix in lacks(check, stage)]
        if not unfit:
            tests.append(_test(check, standards, FILE))
    if wrong:
        raise OptionError.join(wrong)
    _refuse_broken_standards(standards)
    if stage == "release":
        _refuse_missing(standards, [test.name for test in tests], where)
    return tests


def _unfit(check: Check, where: str) -> Iterator[OptionError]:
    """Refuse values that the standards would refuse, too."""
    for name, spec in specs(model.Check).items():
        value = getattr(check, name)
        if value is None:
            continue
        try:
            kinds.check(spec, value)
        except kinds.RefusedError as err:
            what = f"option {name} = {literal(value)} is not valid"
            example = literal(err.example) if isinstance(value, str) else err.example
            fix = kinds.advice(spec, err, f"{name} = {example}")
            yield OptionError(what, why=err.why, fix=fix, where=".".join((where, name, *err.inside)))


def _test(check: Check, standards: Tests, origin: str) -> Test:
    seconds = units.parse_duration(check.timeout or standards.timeout or "15m").total_seconds()
    retries = standards.retries or 0 if check.retries is None else check.retries
    return Test(check.name or "", check.kind or DEFAULT_KIND, origin, seconds, retries, check)


def lacks(check: Check, stage: Stage) -> list[tuple[str, str]]:
    """Tell what a test cannot run without.

    Args:
        check: The test.
        stage: Where it is to run.

    Returns:
        What is wrong and how to mend it, for each; none if all is well.
    """
    found = []
    kind = check.kind or DEFAULT_KIND
    if kind == "command" and not check.command:
        found.append((f'test "{check.name}" has no command', 'write command = ["make", "test"]'))
    if kind == "job" and not check.image:
        found.append((f'test "{check.name}" has no image', 'write image = "registry.example/checks:v3"'))
    if kind != "command" and stage == "build":
        what = f'test "{check.name}" of kind {kind} cannot run before the build: nothing is deployed'
        found.append((what, 'write kind = "command", or put it into the release'))
    others = _OTHERS[kind]
    found += [
        (f'test "{check.name}" of kind {kind} does not look at {name}', "remove it, or choose another kind")
        for name in others
        if getattr(check, name) is not None
    ]
    return found


_HTTP = ("method", "headers", "send", "status", "contains", "json", "expect_headers", "requests", "percentile",
         "latency")  # fmt: skip
_OTHERS: Mapping[str, Sequence[str]] = {
    "http": ("command", "directory", "environment", "image", "entrypoint", "reports"),
    "command": (*_HTTP, "path", "image", "entrypoint"),
    "job": (*_HTTP, "path", "directory", "reports"),
    "contract": (*_HTTP, "directory", "environment", "image", "entrypoint", "reports"),
}
"""By kind, the keys that it does not look at: a key that does nothing misleads."""


def _refuse_broken_standards(standards: Tests) -> None:
    for check in standards.checks:
        for text, fix in lacks(check, "build" if check.stage == "build" else "release"):
            raise PolicyError(
                f"the standards are broken: {text}", fix=f"ask who keeps the standards: {fix}", where="tests.checks"
            )


def _refuse_missing(standards: Tests, names: Sequence[str], where: str) -> None:
    missing = [name for name in standards.required or [] if name not in names]
    if not missing:
        return
    close = nearest(missing[0], names)
    hint = f"; yours is called {close}" if close else ""
    raise PolicyError(
        f"there is no test {', '.join(missing)}",
        why=f"the standard tests.required asks for it{hint}",
        fix=f'write test "{missing[0]}" {{ ... }}',
        where=where,
    )
