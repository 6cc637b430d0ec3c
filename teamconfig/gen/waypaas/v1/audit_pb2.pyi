from teamconfig.gen.waypaas.v1 import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ReadAuditRequest(_message.Message):
    __slots__ = ("after", "page_size", "team", "project", "action", "outcome")
    AFTER_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    TEAM_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    after: int
    page_size: int
    team: str
    project: str
    action: str
    outcome: str
    def __init__(self, after: _Optional[int] = ..., page_size: _Optional[int] = ..., team: _Optional[str] = ..., project: _Optional[str] = ..., action: _Optional[str] = ..., outcome: _Optional[str] = ...) -> None: ...

class AuditRow(_message.Message):
    __slots__ = ("sequence", "time_ms", "principal", "action", "target", "team", "environment", "outcome", "reason", "request_id", "revision", "details")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    TEAM_FIELD_NUMBER: _ClassVar[int]
    ENVIRONMENT_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    time_ms: int
    principal: _common_pb2.Principal
    action: str
    target: _common_pb2.Target
    team: str
    environment: str
    outcome: str
    reason: str
    request_id: str
    revision: str
    details: str
    def __init__(self, sequence: _Optional[int] = ..., time_ms: _Optional[int] = ..., principal: _Optional[_Union[_common_pb2.Principal, _Mapping]] = ..., action: _Optional[str] = ..., target: _Optional[_Union[_common_pb2.Target, _Mapping]] = ..., team: _Optional[str] = ..., environment: _Optional[str] = ..., outcome: _Optional[str] = ..., reason: _Optional[str] = ..., request_id: _Optional[str] = ..., revision: _Optional[str] = ..., details: _Optional[str] = ...) -> None: ...

class ReadAuditReply(_message.Message):
    __slots__ = ("rows", "next")
    ROWS_FIELD_NUMBER: _ClassVar[int]
    NEXT_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[AuditRow]
    next: int
    def __init__(self, rows: _Optional[_Iterable[_Union[AuditRow, _Mapping]]] = ..., next: _Optional[int] = ...) -> None: ...

class VerifyAuditRequest(_message.Message):
    __slots__ = ("without_checkpoints",)
    WITHOUT_CHECKPOINTS_FIELD_NUMBER: _ClassVar[int]
    without_checkpoints: bool
    def __init__(self, without_checkpoints: bool = ...) -> None: ...

class VerifyAuditReply(_message.Message):
    __slots__ = ("intact", "rows", "checkpoints", "problem", "at")
    INTACT_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINTS_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    intact: bool
    rows: int
    checkpoints: int
    problem: str
    at: int
    def __init__(self, intact: bool = ..., rows: _Optional[int] = ..., checkpoints: _Optional[int] = ..., problem: _Optional[str] = ..., at: _Optional[int] = ...) -> None: ...
