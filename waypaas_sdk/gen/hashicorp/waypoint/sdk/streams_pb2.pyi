from google.protobuf import empty_pb2 as _empty_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from waypaas_sdk.gen.hashicorp.waypoint.sdk import arguments_pb2 as _arguments_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ExecSession(_message.Message):
    __slots__ = ()
    class OutputRequest(_message.Message):
        __slots__ = ("data", "stderr")
        DATA_FIELD_NUMBER: _ClassVar[int]
        STDERR_FIELD_NUMBER: _ClassVar[int]
        data: bytes
        stderr: bool
        def __init__(self, data: _Optional[bytes] = ..., stderr: bool = ...) -> None: ...
    class InputRequest(_message.Message):
        __slots__ = ("data", "window_size", "input_closed")
        DATA_FIELD_NUMBER: _ClassVar[int]
        WINDOW_SIZE_FIELD_NUMBER: _ClassVar[int]
        INPUT_CLOSED_FIELD_NUMBER: _ClassVar[int]
        data: bytes
        window_size: _arguments_pb2.WindowSize
        input_closed: bool
        def __init__(self, data: _Optional[bytes] = ..., window_size: _Optional[_Union[_arguments_pb2.WindowSize, _Mapping]] = ..., input_closed: bool = ...) -> None: ...
    def __init__(self) -> None: ...

class ExecResult(_message.Message):
    __slots__ = ("exit_code",)
    EXIT_CODE_FIELD_NUMBER: _ClassVar[int]
    exit_code: int
    def __init__(self, exit_code: _Optional[int] = ...) -> None: ...

class Logs(_message.Message):
    __slots__ = ()
    class Resp(_message.Message):
        __slots__ = ("stream_id",)
        STREAM_ID_FIELD_NUMBER: _ClassVar[int]
        stream_id: int
        def __init__(self, stream_id: _Optional[int] = ...) -> None: ...
    class NextBatchResp(_message.Message):
        __slots__ = ("events",)
        EVENTS_FIELD_NUMBER: _ClassVar[int]
        events: _containers.RepeatedCompositeFieldContainer[Logs.Event]
        def __init__(self, events: _Optional[_Iterable[_Union[Logs.Event, _Mapping]]] = ...) -> None: ...
    class Event(_message.Message):
        __slots__ = ("partition", "timestamp", "contents")
        PARTITION_FIELD_NUMBER: _ClassVar[int]
        TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
        CONTENTS_FIELD_NUMBER: _ClassVar[int]
        partition: str
        timestamp: _timestamp_pb2.Timestamp
        contents: str
        def __init__(self, partition: _Optional[str] = ..., timestamp: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., contents: _Optional[str] = ...) -> None: ...
    def __init__(self) -> None: ...

class TerminalUI(_message.Message):
    __slots__ = ()
    class IsInteractiveResponse(_message.Message):
        __slots__ = ("interactive",)
        INTERACTIVE_FIELD_NUMBER: _ClassVar[int]
        interactive: bool
        def __init__(self, interactive: bool = ...) -> None: ...
    class OutputRequest(_message.Message):
        __slots__ = ("lines",)
        LINES_FIELD_NUMBER: _ClassVar[int]
        lines: _containers.RepeatedScalarFieldContainer[str]
        def __init__(self, lines: _Optional[_Iterable[str]] = ...) -> None: ...
    class Response(_message.Message):
        __slots__ = ("input",)
        INPUT_FIELD_NUMBER: _ClassVar[int]
        input: TerminalUI.Event.InputResp
        def __init__(self, input: _Optional[_Union[TerminalUI.Event.InputResp, _Mapping]] = ...) -> None: ...
    class Event(_message.Message):
        __slots__ = ("line", "status", "named_values", "raw", "table", "step_group", "step", "input")
        class Input(_message.Message):
            __slots__ = ("prompt", "style", "secret")
            PROMPT_FIELD_NUMBER: _ClassVar[int]
            STYLE_FIELD_NUMBER: _ClassVar[int]
            SECRET_FIELD_NUMBER: _ClassVar[int]
            prompt: str
            style: str
            secret: bool
            def __init__(self, prompt: _Optional[str] = ..., style: _Optional[str] = ..., secret: bool = ...) -> None: ...
        class InputResp(_message.Message):
            __slots__ = ("input", "error")
            INPUT_FIELD_NUMBER: _ClassVar[int]
            ERROR_FIELD_NUMBER: _ClassVar[int]
            input: str
            error: _status_pb2.Status
            def __init__(self, input: _Optional[str] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...
        class Status(_message.Message):
            __slots__ = ("status", "msg", "step")
            STATUS_FIELD_NUMBER: _ClassVar[int]
            MSG_FIELD_NUMBER: _ClassVar[int]
            STEP_FIELD_NUMBER: _ClassVar[int]
            status: str
            msg: str
            step: bool
            def __init__(self, status: _Optional[str] = ..., msg: _Optional[str] = ..., step: bool = ...) -> None: ...
        class Line(_message.Message):
            __slots__ = ("msg", "style")
            MSG_FIELD_NUMBER: _ClassVar[int]
            STYLE_FIELD_NUMBER: _ClassVar[int]
            msg: str
            style: str
            def __init__(self, msg: _Optional[str] = ..., style: _Optional[str] = ...) -> None: ...
        class Raw(_message.Message):
            __slots__ = ("data", "stderr")
            DATA_FIELD_NUMBER: _ClassVar[int]
            STDERR_FIELD_NUMBER: _ClassVar[int]
            data: bytes
            stderr: bool
            def __init__(self, data: _Optional[bytes] = ..., stderr: bool = ...) -> None: ...
        class NamedValue(_message.Message):
            __slots__ = ("name", "value")
            NAME_FIELD_NUMBER: _ClassVar[int]
            VALUE_FIELD_NUMBER: _ClassVar[int]
            name: str
            value: str
            def __init__(self, name: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
        class NamedValues(_message.Message):
            __slots__ = ("values",)
            VALUES_FIELD_NUMBER: _ClassVar[int]
            values: _containers.RepeatedCompositeFieldContainer[TerminalUI.Event.NamedValue]
            def __init__(self, values: _Optional[_Iterable[_Union[TerminalUI.Event.NamedValue, _Mapping]]] = ...) -> None: ...
        class TableEntry(_message.Message):
            __slots__ = ("value", "color")
            VALUE_FIELD_NUMBER: _ClassVar[int]
            COLOR_FIELD_NUMBER: _ClassVar[int]
            value: str
            color: str
            def __init__(self, value: _Optional[str] = ..., color: _Optional[str] = ...) -> None: ...
        class TableRow(_message.Message):
            __slots__ = ("entries",)
            ENTRIES_FIELD_NUMBER: _ClassVar[int]
            entries: _containers.RepeatedCompositeFieldContainer[TerminalUI.Event.TableEntry]
            def __init__(self, entries: _Optional[_Iterable[_Union[TerminalUI.Event.TableEntry, _Mapping]]] = ...) -> None: ...
        class Table(_message.Message):
            __slots__ = ("headers", "rows")
            HEADERS_FIELD_NUMBER: _ClassVar[int]
            ROWS_FIELD_NUMBER: _ClassVar[int]
            headers: _containers.RepeatedScalarFieldContainer[str]
            rows: _containers.RepeatedCompositeFieldContainer[TerminalUI.Event.TableRow]
            def __init__(self, headers: _Optional[_Iterable[str]] = ..., rows: _Optional[_Iterable[_Union[TerminalUI.Event.TableRow, _Mapping]]] = ...) -> None: ...
        class StepGroup(_message.Message):
            __slots__ = ("close", "id")
            CLOSE_FIELD_NUMBER: _ClassVar[int]
            ID_FIELD_NUMBER: _ClassVar[int]
            close: bool
            id: int
            def __init__(self, close: bool = ..., id: _Optional[int] = ...) -> None: ...
        class Step(_message.Message):
            __slots__ = ("id", "close", "msg", "status", "output", "step_group")
            ID_FIELD_NUMBER: _ClassVar[int]
            CLOSE_FIELD_NUMBER: _ClassVar[int]
            MSG_FIELD_NUMBER: _ClassVar[int]
            STATUS_FIELD_NUMBER: _ClassVar[int]
            OUTPUT_FIELD_NUMBER: _ClassVar[int]
            STEP_GROUP_FIELD_NUMBER: _ClassVar[int]
            id: int
            close: bool
            msg: str
            status: str
            output: bytes
            step_group: int
            def __init__(self, id: _Optional[int] = ..., close: bool = ..., msg: _Optional[str] = ..., status: _Optional[str] = ..., output: _Optional[bytes] = ..., step_group: _Optional[int] = ...) -> None: ...
        LINE_FIELD_NUMBER: _ClassVar[int]
        STATUS_FIELD_NUMBER: _ClassVar[int]
        NAMED_VALUES_FIELD_NUMBER: _ClassVar[int]
        RAW_FIELD_NUMBER: _ClassVar[int]
        TABLE_FIELD_NUMBER: _ClassVar[int]
        STEP_GROUP_FIELD_NUMBER: _ClassVar[int]
        STEP_FIELD_NUMBER: _ClassVar[int]
        INPUT_FIELD_NUMBER: _ClassVar[int]
        line: TerminalUI.Event.Line
        status: TerminalUI.Event.Status
        named_values: TerminalUI.Event.NamedValues
        raw: TerminalUI.Event.Raw
        table: TerminalUI.Event.Table
        step_group: TerminalUI.Event.StepGroup
        step: TerminalUI.Event.Step
        input: TerminalUI.Event.Input
        def __init__(self, line: _Optional[_Union[TerminalUI.Event.Line, _Mapping]] = ..., status: _Optional[_Union[TerminalUI.Event.Status, _Mapping]] = ..., named_values: _Optional[_Union[TerminalUI.Event.NamedValues, _Mapping]] = ..., raw: _Optional[_Union[TerminalUI.Event.Raw, _Mapping]] = ..., table: _Optional[_Union[TerminalUI.Event.Table, _Mapping]] = ..., step_group: _Optional[_Union[TerminalUI.Event.StepGroup, _Mapping]] = ..., step: _Optional[_Union[TerminalUI.Event.Step, _Mapping]] = ..., input: _Optional[_Union[TerminalUI.Event.Input, _Mapping]] = ...) -> None: ...
    def __init__(self) -> None: ...
