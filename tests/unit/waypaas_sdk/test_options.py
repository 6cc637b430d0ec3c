"""Options: declared once, described to the host, decoded with all errors at once, documented."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waypaas_sdk import component, optiondocs, optionschema, optionvalues
from waypaas_sdk.errors import BugError, OptionError
from waypaas_sdk.gen.docker.docker_pb2 import Image
from waypaas_sdk.options import option, shapes


@dataclass
class Probe:
    """How to tell that it works."""

    path: str | None = option(doc="Path.", required=True, example="/healthz")
    timeout: timedelta | None = option(doc="Timeout.", minimum=1, maximum=60, unit="seconds")


@dataclass
class Rule:
    """A block with a label."""

    name: str = option(doc="Label.", label=True)
    weights: list[int] | None = option(doc="Weights.", minimum=0)


@dataclass
class Options:
    """One of everything."""

    replicas: int | None = option(doc="Pods.", minimum=0, maximum=10, example=3)
    share: float | None = option(doc="Share.", minimum=0.0, maximum=1.0)
    public: bool = option(doc="Public.", default=False)
    size: str = option(doc="Size.", default="small", choices=("small", "large"))
    password: str | None = option(doc="Password.", secret=True, check=lambda value: "too short" if value else None)
    timeout: timedelta | None = option(doc="Timeout.", maximum=3600, unit="seconds")
    hosts: list[str] | None = option(doc="Hosts.", check=lambda host: None if "." in host else "it must have a dot")
    labels: dict[str, str] = option(doc="Labels.", default={"team": "none"})
    probe: Probe | None = option(doc="Probe.")
    rule: list[Rule] | None = option(doc="Rules.")


def decode(sent: object, options: Any = Options) -> Any:
    """Decode what a host sends."""
    return optionvalues.from_json(options, json.dumps(sent).encode(), "deploy.use")


def refusal(sent: object, options: Any = Options) -> str:
    """Give the text with which options are refused."""
    with pytest.raises(OptionError) as caught:
        decode(sent, options)
    return str(caught.value)


NULLS = {field.name: None for field in dataclasses.fields(Options)}


@pytest.mark.parametrize("data", [b"", b"{}", json.dumps(NULLS).encode()])
def test_nothing_written(data: bytes) -> None:
    """What the user did not write holds its default, however the host says so."""
    options = optionvalues.from_json(Options, data, "deploy.use")
    assert options == Options()
    assert (options.size, options.replicas, options.labels) == ("small", None, {"team": "none"})


def test_defaults_are_not_shared() -> None:
    """Changing the default list or map of one instance leaves the next as declared."""
    decode({}).labels["team"] = "mine"
    assert decode({}).labels == {"team": "none"}


def test_everything_written() -> None:
    """Every form of option arrives as the annotated type."""
    options = decode(
        {
            "replicas": 3,
            "share": 1,
            "public": True,
            "size": "large",
            "timeout": "1m30s",
            "hosts": ["a.b", "c.d"],
            "labels": {"a": "1"},
            "probe": {"path": "/", "timeout": "5s"},
            "rule": [{"name": "http", "weights": [1, 2]}, {"name": "tcp", "weights": None}],
        }
    )
    assert options == Options(
        replicas=3,
        share=1.0,
        public=True,
        size="large",
        timeout=timedelta(seconds=90),
        hosts=["a.b", "c.d"],
        labels={"a": "1"},
        probe=Probe("/", timedelta(seconds=5)),
        rule=[Rule("http", [1, 2]), Rule("tcp")],
    )
    assert isinstance(options.share, float)


def test_all_errors_at_once() -> None:
    """Everything that is wrong is told in one error, each with its path in the user's file."""
    text = refusal(
        {
            "replicas": 11,
            "size": "huge",
            "hosts": ["a.b", "nodot"],
            "labels": {"a": 1},
            "probe": {"timeout": "0s"},
            "rule": [{"name": "a"}, {"name": "b", "weights": [1, -1]}],
        }
    )
    assert text.startswith("7 options are not valid\n")
    for where in ("replicas", "size", "hosts[1]", "labels.a", "probe.path", "probe.timeout", "rule[1].weights[1]"):
        assert f"\n  at deploy.use.{where}" in text


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"replicas": -1}, "option replicas = -1 is not allowed\n  it must be at least 0\n  at deploy.use.replicas"),
        ({"replicas": "3"}, 'option replicas = "3" is not a whole number\n  write replicas = 3\n'),
        ({"replicas": True}, "option replicas = true is not a whole number"),
        ({"replicas": 1.5}, "option replicas = 1.5 is not a whole number"),
        ({"share": 2}, "it must be at most 1.0"),
        ({"public": 1}, "option public = 1 is not true or false"),
        ({"size": "größe"}, 'option size = "größe" is not allowed\n  it must be one of small, large'),
        ({"timeout": "2h"}, "it must be at most 3600 seconds"),
        ({"timeout": "soon"}, 'option timeout = "soon" is not a time like "30s"\n  write timeout = "30s"'),
        ({"timeout": 30}, "option timeout = 30 is not a time"),
        ({"timeout": "99999999999999h"}, "option timeout = "),
        ({"hosts": ["nodot"]}, "it must have a dot\n  at deploy.use.hosts[0]"),
        ({"probe": {}}, 'option path is missing\n  write path = "/healthz"\n  at deploy.use.probe.path'),
        ({"probe": "yes"}, "option probe is not a block\n  write probe { ... }"),
    ],
)
def test_refusals(sent: dict[str, Any], said: str) -> None:
    """A refusal shows the value as the user typed it, whose rule it breaks, and what to write."""
    assert said in refusal(sent)


def test_secrets_are_not_echoed() -> None:
    """The value of a secret option is in no refusal, neither of its type nor of its content."""
    assert "hunter2" not in refusal({"password": "hunter2"})
    assert "too short" in refusal({"password": "hunter2"})
    assert "4711" not in refusal({"password": 4711})


@dataclass
class Demanding:
    """Everything is required."""

    names: list[str] | None = option(doc="Names.", required=True)
    labels: dict[str, str] | None = option(doc="Labels.", required=True)
    probe: Probe | None = option(doc="Probe.", required=True)
    rule: list[Rule] | None = option(doc="Rules.", required=True)
    size: str | None = option(doc="Size.", required=True, choices=("small", "large"))


def test_what_to_write_is_valid_hcl() -> None:
    """The advice for a missing option has the form of that option: a list, a map, a block, a text."""
    text = refusal({}, Demanding)
    assert "5 options are not valid" in text
    for advice in ('names = ["..."]', 'labels = { name = "..." }', "probe { ... }", "rule { ... }", 'size = "small"'):
        assert f"  write {advice}\n" in text


@pytest.mark.parametrize("data", [b"nonsense", b"[]", b'"text"', b"\xff"])
def test_a_host_with_a_bug(data: bytes) -> None:
    """What is no JSON object is not the user's fault, and the error does not blame them."""
    with pytest.raises(BugError):
        optionvalues.from_json(Options, data, "deploy.use")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(NULLS)), JSON))
def test_any_json(sent: dict[str, Any]) -> None:
    """Whatever a host sends, it is either decoded or refused as an OptionError."""
    try:
        outcome = decode(sent)
    except OptionError as error:
        outcome = error
    assert isinstance(outcome, Options) or "deploy.use." in str(outcome)


DURATIONS = st.integers(0, 10**7).map(lambda milliseconds: timedelta(milliseconds=milliseconds))


def written(duration: timedelta) -> str:
    """Write a duration as Go does: hours, minutes, then seconds with a fraction."""
    milliseconds = duration // timedelta(milliseconds=1)
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours}h{minutes}m{rest / 1000:g}s"


@given(DURATIONS)
def test_durations_as_go_writes_them(duration: timedelta) -> None:
    """A duration in Go's own spelling is read as what it is, to the millisecond."""
    read = optionvalues.parse_duration(written(duration))
    assert abs(read - duration) < timedelta(milliseconds=10)


@pytest.mark.parametrize("text", ["", "30", "s", "1m 30s", "-5s", "5S", "1d", "1e3s", "99999999999999h"])
def test_what_is_no_duration(text: str) -> None:
    """Anything else than numbers with units is refused."""
    with pytest.raises(ValueError, match=r"^"):
        optionvalues.parse_duration(text)


PROBES = st.builds(Probe, path=st.text(min_size=1), timeout=st.integers(1, 60).map(lambda s: timedelta(seconds=s)))
RULES = st.builds(Rule, name=st.text(min_size=1), weights=st.none() | st.lists(st.integers(0), min_size=1))
INSTANCES = st.builds(
    Options,
    replicas=st.none() | st.integers(0, 10),
    share=st.none() | st.floats(0, 1),
    public=st.booleans(),
    size=st.sampled_from(["small", "large"]),
    password=st.none(),
    timeout=st.none() | st.integers(0, 3600).map(lambda seconds: timedelta(seconds=seconds)),
    hosts=st.none() | st.lists(st.text().map(lambda host: f"{host}."), min_size=1),
    labels=st.dictionaries(st.text(), st.text(), min_size=1),
    probe=st.none() | PROBES,
    rule=st.none() | st.lists(RULES, min_size=1),
)


def to_go(value: Any) -> str:
    """Write what JSON does not know as Go does."""
    return f"{value // timedelta(seconds=1)}s"


@given(INSTANCES)
def test_round_trip(options: Options) -> None:
    """What is set, sent as JSON and decoded again, is the same options."""
    sent = json.dumps(optionvalues.set_values(options), default=to_go)
    assert optionvalues.from_json(Options, sent.encode(), "deploy.use") == options


@pytest.mark.parametrize("kind", [object, complex, list[list[str]], dict[int, str], "int | str", "tuple[bytes, ...]"])
def test_types_that_are_no_options(kind: Any) -> None:
    """A field whose type HCL cannot express is refused by its name, with the types that are possible."""
    bad = dataclasses.make_dataclass("Bad", [("field", kind, option(doc="Bad."))])
    with pytest.raises(TypeError, match=r"Bad.field: .* cannot be an option; use str, int"):
        shapes(bad)


def test_options_must_be_a_dataclass() -> None:
    """A plain class is refused as options."""
    with pytest.raises(TypeError, match="must be a dataclass"):
        shapes(int)


def test_names_that_meet_in_go() -> None:
    """Two options that Go would give one name are refused: the host could not tell them apart."""
    bad = dataclasses.make_dataclass("Bad", [("a_b", str, option(doc="1")), ("a__b", str, option(doc="2"))])
    with pytest.raises(TypeError, match="a_b and a__b have the same name in Go, AB"):
        optionschema.to_proto(bad)


def test_go_takes_every_name() -> None:
    """Every field has an exported Go name and both tags, so that the host decodes and re-encodes it."""
    for field in optionschema.to_proto(Options).fields:
        assert field.Name[0].isupper()
        assert not field.PkgPath
        name = field.Tag.split('"')[1].split(",")[0]
        assert field.Tag.endswith(f'json:"{name}"')


class Documented(component.Platform):
    """Deploys.

    With more words.
    """

    options: Options
    example = 'use "x" {}'

    def deploy(self) -> Image:
        """Deploy."""
        return Image()


class Plain(component.Platform):
    """Has no options."""

    def deploy(self) -> Image:
        """Deploy."""
        return Image()


def test_documentation() -> None:
    """`waypoint docs` gets the class's docstring, the example, and each option with type, default and bounds."""
    message = optiondocs.documentation(Documented)
    assert message.description.startswith("Deploys.")
    assert message.example == 'use "x" {}'
    assert set(message.fields) == set(NULLS)
    replicas, probe = message.fields["replicas"], message.fields["probe"]
    assert (replicas.type, replicas.synopsis, replicas.optional) == ("int", "Pods.", True)
    assert replicas.summary == "at least 0; at most 10; for example 3"
    assert message.fields["size"].default == "small"
    assert message.fields["hosts"].type == "list of string"
    assert message.fields["labels"].type == "map of string to string"
    assert [(field.name, field.optional) for field in probe.sub_fields] == [("path", False), ("timeout", True)]
    assert probe.category


def test_documentation_without_options() -> None:
    """A component without options is described by its docstring alone."""
    message = optiondocs.documentation(Plain)
    assert message.description == "Has no options."
    assert not message.fields
    assert "It has no options." in optiondocs.markdown("x", Plain)


def test_markdown() -> None:
    """The Markdown has a row for each option, and a section for each block below its path."""
    text = optiondocs.markdown("x", Documented)
    for field in dataclasses.fields(Options):
        assert f"\n| `{field.name}` | " in text
    assert "### probe" in text
    assert "### rule" in text
    assert "| `size` | string | small | Size. (one of small, large) |" in text


def declare(hint: Any, name: str = "options", **more: Any) -> type[component.Platform]:
    """Define a platform that annotates its options so."""

    def deploy(_: object) -> Image:
        return Image()

    return type("Mine", (component.Platform,), {"__annotations__": {name: hint}, "deploy": deploy, **more})


def with_field(hint: Any, default: Any = None) -> type:
    """Make an options dataclass of one field."""
    return dataclasses.make_dataclass("Options", [("greeting", hint, option(doc="d", default=default))])


class Undecorated:
    """A class that lacks @dataclass."""

    greeting: str = option(doc="What to say.")


@pytest.mark.parametrize(
    ("hint", "said"),
    [
        (str, "Mine.options: str must be a dataclass"),
        (Undecorated, "Mine.options: Undecorated must be a dataclass"),
        (Options | None, "Mine.options: .*must be a dataclass"),
        (with_field(set), "Mine.options: Options.greeting: set cannot be an option"),
        (with_field(list[with_field(bytes)]), "Mine.options: Options.greeting: bytes cannot be an option"),  # type: ignore[misc]  # made here
        (with_field(str, 3), "Mine.options: Options.greeting: the default 3 is no str"),
    ],
)
def test_options_are_checked_with_the_class(hint: Any, said: str) -> None:
    """Options that cannot be described to Waypoint are refused when the component is defined, by their place."""
    with pytest.raises(TypeError, match=said):
        declare(hint)


@pytest.mark.parametrize(
    ("hint", "default"),
    [
        (str, 3),
        (int, "3"),
        (int, True),
        (int, 1.5),
        (bool, 1),
        (timedelta, 30),
        (list[str], "a"),
        (list[int], ["a"]),
        (dict[str, int], {"a": "b"}),
        (dict[str, int], ["a"]),
        (Probe, {"path": "/"}),
    ],
)
def test_a_default_of_another_type(hint: Any, default: Any) -> None:
    """A default that the user could not have written in its place is refused."""
    with pytest.raises(TypeError, match=r"Options.greeting: the default .* is no "):
        shapes(with_field(hint, default))


@pytest.mark.parametrize(
    ("hint", "default"),
    [
        (str, None),
        (str | None, "a"),
        (float, 1),
        (timedelta, timedelta(seconds=1)),
        (list[str], ["a"]),
        (tuple[str, ...], ("a",)),
        (dict[str, int], {"a": 1}),
    ],
)
def test_a_default_that_fits(hint: Any, default: Any) -> None:
    """None, and what has the type of its field, are defaults; a whole number is one of a fraction too."""
    assert [shape.default for shape in shapes(with_field(hint, default))] == [default]


def test_options_that_are_not_known_yet() -> None:
    """An annotation that cannot be resolved with the class is looked at later, and then refused by its name."""
    late = declare("Elsewhere")
    with pytest.raises(TypeError, match=r"Mine.options: the annotation 'Elsewhere' is not known"):
        optionschema.of_component(late)


def test_other_annotations_need_not_be_known() -> None:
    """Only the annotation of the options is resolved; others may be the type checker's."""
    made = declare(Options, __annotations__={"options": "Options", "_client": "boto3.Client"})
    assert made.options_class() is Options


@pytest.mark.parametrize("name", ["opts", "option", "config"])
def test_options_by_another_name(name: str) -> None:
    """An annotation that looks as if it declared options is refused, unless it has a value or options there are."""
    with pytest.raises(TypeError, match=f"Mine.{name}: options are declared as `options: ...`"):
        declare(Options, name)
    assert declare(Options, name, **{name: None})
    assert declare(Options, __annotations__={"options": Options, name: Options})


def test_options_class_of_ones_own() -> None:
    """A component that gives its options class itself is not asked for it when it is defined."""

    @classmethod  # type: ignore[misc]  # goes into a class below
    def options_class(cls: type) -> Any:
        raise AssertionError(cls)

    assert declare(Any, options_class=options_class)
