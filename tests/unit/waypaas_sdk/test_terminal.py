"""The terminal against a real server of TerminalUIService."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waypaas_sdk import terminal
from waypaas_sdk.errors import StateError
from waypaas_sdk.gen.hashicorp.waypoint.sdk import streams_pb2
from waypaas_sdk.goplugin.dispatch import handler
from waypaas_sdk.plaintext import clean, told
from waypaas_sdk.terminal import TerminalUI, table_lines
from waypaas_sdk.testing.streams import RecordingUI, formatted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    import grpc

    Serve = Callable[[grpc.GenericRpcHandler], tuple[grpc.Server, grpc.Channel]]

SERVICE = streams_pb2.DESCRIPTOR.services_by_name["TerminalUIService"]


def test_output_arrives_in_order(serve: Serve) -> None:
    """Whatever is shown arrives, in its order, before close returns."""
    recording = RecordingUI()
    ui = TerminalUI(serve(recording.handler())[1])
    for index in range(500):
        ui.output(f"line {index}", style="info")
    ui.close()
    assert recording.lines == [f"line {index}" for index in range(500)]
    assert {event.line.style for event in recording.events} == {"info"}
    assert recording.ended.wait(5)


def test_unknown_style_is_refused_with_the_known() -> None:
    """A style that the host does not know is the author's fault, and the error lists those that exist."""
    with pytest.raises(ValueError, match=r"no style 'loud'.*error-bold"):
        TerminalUI(_NoChannel()).output("x", style="loud")


class _NoChannel:
    """Makes stubs that are never called."""

    def __getattr__(self, _: str) -> Callable[..., None]:
        return lambda *_, **__: None


def test_closing_an_unused_terminal(serve: Serve) -> None:
    """A terminal that showed nothing opens no stream, and its close returns at once; output after it is dropped."""
    recording = RecordingUI()
    ui = TerminalUI(serve(recording.handler())[1])
    ui.close()
    ui.output("too late")
    ui.close()
    assert recording.events == []


def test_every_kind_of_output(serve: Serve) -> None:
    """Named values, raw bytes of both streams, a table and a live status line arrive as what they are."""
    recording = RecordingUI()
    ui = TerminalUI(serve(recording.handler())[1])
    ui.named_values([("Image", "web:1"), ("Replicas", 3)])
    ui.raw(b"\x1b[1mbold", stderr=True)
    ui.table(["Name", "Ready"], [["web", True], ["a-longer-name", False]])
    with ui.status() as line:
        line.update("waiting")
        line.step("ok", "ready")
    ui.close()
    values, raw, header, *rows = recording.events[:5]
    assert [(value.name, value.value) for value in values.named_values.values] == [
        ("Image", "web:1"),
        ("Replicas", "3"),
    ]
    assert raw.raw == streams_pb2.TerminalUI.Event.Raw(data=b"\x1b[1mbold", stderr=True)
    assert (header.line.msg, header.line.style) == ("Name           Ready", "header")
    assert [row.line.msg for row in rows] == ["web            True", "a-longer-name  False"]
    updates = [(event.status.status, event.status.msg, event.status.step) for event in recording.events[5:]]
    assert updates == [("", "waiting", False), ("ok", "ready", True), ("", "", False)]


@pytest.mark.parametrize("local", [True, False])
def test_percent_signs_are_read_as_written(serve: Serve, *, local: bool) -> None:
    """A % is told as often as Waypoint's formats for lines and steps want it, and once in what it takes as it is."""
    recording = RecordingUI(local=local)
    ui = TerminalUI(serve(recording.handler())[1], local=local)
    with ui.step_group() as group, group.add("50% of %s"):
        pass
    ui.output("100% %d")
    ui.named_values([("Share", "5%")])
    with ui.status() as line:
        line.update("7%")
    ui.close()
    assert told("50%", local=local) == ("50%%" if local else "50%%%%")
    assert recording.text == "50% of %s\n100% %d\nShare: 5%\n7%\n"


@given(st.text())
def test_no_text_is_mangled(text: str) -> None:
    """Whatever a plugin says comes out of Waypoint's formats as it was cleaned."""
    assert formatted(told(text, local=True)) == clean(text)
    assert formatted(formatted(told(text, local=False))) == clean(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [("50%", "50%!(NOVERB)"), ("%d", "%!d(MISSING)"), ("5% of", "5%!o(MISSING)f"), ("a%%b", "a%b"), ("%5%", "%")],
)
def test_formats_are_those_of_go(text: str, shown: str) -> None:
    """The recording terminal shows a lone % as Go does, so that no test overlooks one."""
    assert formatted(text) == shown


def test_steps_are_closed_by_their_group(serve: Serve) -> None:
    """Leaving a group ends every step left open: well without an exception, as aborted with one."""
    recording = RecordingUI()
    ui = TerminalUI(serve(recording.handler())[1])
    with ui.step_group() as group:
        group.add("left open")
        with group.add("ended") as ended:
            ended.output("below\n")
            ended.status("warn")
    with pytest.raises(StateError), ui.step_group() as group:
        fail(group.add("left open"))
    ui.close()
    good, ended_step, bad = recording.steps[0, 0], recording.steps[0, 1], recording.steps[1, 0]
    assert (good.done, good.status) == (True, "")
    assert (ended_step.done, ended_step.status, ended_step.output) == (True, "warn", b"below\n")
    assert (bad.done, bad.status) == (True, "abort")
    groups = [event.step_group for event in recording.events if event.HasField("step_group")]
    assert [(group.id, group.close) for group in groups] == [(0, False), (0, True), (1, False), (1, True)]


def fail(_: object) -> None:
    """Fail after something was done."""
    raise StateError("no")


def test_a_step_ends_once(serve: Serve) -> None:
    """A step that was aborted stays aborted, and its end is told once."""
    recording = RecordingUI()
    ui = TerminalUI(serve(recording.handler())[1])
    with ui.step_group() as group, group.add("work") as step:
        step.abort()
    ui.close()
    ends = [event.step.status for event in recording.events if event.HasField("step") and event.step.close]
    assert ends == ["abort"]


def test_the_same_text_is_sent_once(serve: Serve) -> None:
    """A step whose text does not change is not sent again."""
    recording = RecordingUI()
    ui = TerminalUI(serve(recording.handler())[1])
    with ui.step_group() as group, group.add("waiting") as step:
        for text in ("waiting", "1 of 2", "1 of 2", "2 of 2"):
            step.update(text)
    ui.close()
    assert recording.steps[0, 0].messages == ["waiting", "1 of 2", "2 of 2"]


def test_threads_share_a_group(serve: Serve) -> None:
    """Steps that several threads add to one group have numbers of their own."""
    recording = RecordingUI()
    ui = TerminalUI(serve(recording.handler())[1])
    with ui.step_group() as group:
        threads = [threading.Thread(target=group.add, args=(f"step {index}",)) for index in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    ui.close()
    assert sorted(step.message for step in recording.steps.values()) == sorted(f"step {index}" for index in range(16))


def test_input(serve: Serve) -> None:
    """Answers come back to their questions, in order, and a secret is asked for as one."""
    recording = RecordingUI(interactive=True, answers=("yes", "hunter2"))
    ui = TerminalUI(serve(recording.handler())[1])
    assert ui.interactive
    assert ui.input("sure? ") == "yes"
    assert ui.input("password: ", secret=True) == "hunter2"
    ui.close()
    assert [event.input.secret for event in recording.events] == [False, True]


def test_input_without_anybody(serve: Serve) -> None:
    """A question where nobody can answer fails at once and says what to do."""
    ui = TerminalUI(serve(RecordingUI().handler())[1])
    with pytest.raises(StateError) as caught:
        ui.input("sure? ")
    assert "nobody is at the terminal" in str(caught.value)
    assert "as an option" in caught.value.fix


def test_input_error_of_the_host(serve: Serve) -> None:
    """An error that the host answers with is the error of the question."""

    def events(asked: Iterator[Any], _: grpc.ServicerContext) -> Iterator[Any]:
        for event in asked:
            if event.HasField("input"):
                reply = streams_pb2.TerminalUI.Event.InputResp()
                reply.error.message = "stdin is closed"
                yield streams_pb2.TerminalUI.Response(input=reply)

    def interactive(_: Any, __: grpc.ServicerContext) -> Any:
        return streams_pb2.TerminalUI.IsInteractiveResponse(interactive=True)

    ui = TerminalUI(serve(handler(SERVICE, {"Events": events, "IsInteractive": interactive}))[1])
    with pytest.raises(StateError, match="stdin is closed"):
        ui.input("sure?")
    ui.close()


def test_a_host_that_is_gone(serve: Serve) -> None:
    """Output and close do nothing once the host is gone, a question fails, and none of them hangs."""
    recording = RecordingUI(interactive=True)
    server, channel = serve(recording.handler())
    ui = TerminalUI(channel)
    assert ui.interactive
    ui.output("heard")
    while not recording.lines:
        time.sleep(0.01)
    server.stop(None).wait()
    ui.output("unheard")
    with pytest.raises(StateError, match="terminal is gone"):
        ui.input("anybody there?")
    ui.close()
    assert recording.lines == ["heard"]


def test_a_host_that_never_was(serve: Serve) -> None:
    """A host that does not answer counts as nobody at the terminal."""
    server, channel = serve(RecordingUI(interactive=True).handler())
    server.stop(None).wait()
    assert TerminalUI(channel).interactive is False


def test_a_host_that_hangs(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that takes everything and never ends the stream delays close by a bounded time only."""
    monkeypatch.setattr(terminal, "CLOSE_SECONDS", 0.2)
    over = threading.Event()

    def events(asked: Iterator[Any], _: grpc.ServicerContext) -> Iterator[Any]:
        for _event in asked:
            pass
        over.wait()
        yield from ()

    ui = TerminalUI(serve(handler(SERVICE, {"Events": events}))[1])
    ui.output("hello")
    begun = time.monotonic()
    ui.close()
    over.set()
    assert time.monotonic() - begun < 5


class Clock:
    """Seconds that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """Give the time."""
        return self.now


def test_progress(serve: Serve) -> None:
    """Progress tells amount, share and time now and then, not on each step, and its end with a mark."""
    recording = RecordingUI(interactive=True)
    ui = TerminalUI(serve(recording.handler())[1])
    clock = Clock()
    with ui.progress("copying", total=200, unit="MiB", clock=clock) as progress:
        for _ in range(20):
            clock.now += 0.05
            progress.advance(10)
    ui.close()
    told = [(event.status.status, event.status.msg) for event in recording.events]
    assert told[0] == ("", "copying ...")
    assert told[-2:] == [("ok", "copying: 200 of 200 MiB (100%), 1 s"), ("", "")]
    assert 3 <= len(told) - 3 <= 6


def test_progress_of_unknown_length_that_fails(serve: Serve) -> None:
    """Without a total there is no share, and a failure marks the last line."""
    recording = RecordingUI()
    ui = TerminalUI(serve(recording.handler())[1])
    with pytest.raises(StateError), ui.progress("reading", unit="lines", clock=Clock()) as progress:
        fail(progress.advance(3))
    ui.close()
    assert [(event.status.status, event.status.msg) for event in recording.events] == [
        ("", "reading ..."),
        ("error", "reading: 3 lines, 0 s"),
        ("", ""),
    ]


@given(st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(st.text("abc", max_size=6), min_size=n, max_size=n))))
def test_table_columns_are_aligned(rows: list[list[str]]) -> None:
    """Every cell of a column begins at the same place, and no line ends in blanks."""
    headers = [f"H{index}" for index in range(len(rows[0]) if rows else 1)]
    lines = list(table_lines(headers, rows))
    assert len(lines) == len(rows) + 1
    starts = [lines[0].index(header) for header in headers]
    for line, row in zip(lines[1:], rows, strict=True):
        assert line == line.rstrip()
        for start, cell in zip(starts, row, strict=True):
            assert line[start : start + len(cell)] == cell
