from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Target(_message.Message):
    __slots__ = ("project", "app", "workspace")
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    APP_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_FIELD_NUMBER: _ClassVar[int]
    project: str
    app: str
    workspace: str
    def __init__(self, project: _Optional[str] = ..., app: _Optional[str] = ..., workspace: _Optional[str] = ...) -> None: ...

class Principal(_message.Message):
    __slots__ = ("issuer", "subject", "name", "kind")
    ISSUER_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    issuer: str
    subject: str
    name: str
    kind: str
    def __init__(self, issuer: _Optional[str] = ..., subject: _Optional[str] = ..., name: _Optional[str] = ..., kind: _Optional[str] = ...) -> None: ...

class Problem(_message.Message):
    __slots__ = ("what", "why", "fix", "where", "kind")
    WHAT_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    FIX_FIELD_NUMBER: _ClassVar[int]
    WHERE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    what: str
    why: str
    fix: str
    where: str
    kind: str
    def __init__(self, what: _Optional[str] = ..., why: _Optional[str] = ..., fix: _Optional[str] = ..., where: _Optional[str] = ..., kind: _Optional[str] = ...) -> None: ...

class Refusal(_message.Message):
    __slots__ = ("problems", "head", "request_id", "reason")
    PROBLEMS_FIELD_NUMBER: _ClassVar[int]
    HEAD_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    problems: _containers.RepeatedCompositeFieldContainer[Problem]
    head: str
    request_id: str
    reason: str
    def __init__(self, problems: _Optional[_Iterable[_Union[Problem, _Mapping]]] = ..., head: _Optional[str] = ..., request_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...
