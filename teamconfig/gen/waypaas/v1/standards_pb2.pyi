from teamconfig.gen.waypaas.v1 import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ResolveRequest(_message.Message):
    __slots__ = ("target", "stanzas")
    TARGET_FIELD_NUMBER: _ClassVar[int]
    STANZAS_FIELD_NUMBER: _ClassVar[int]
    target: _common_pb2.Target
    stanzas: bytes
    def __init__(self, target: _Optional[_Union[_common_pb2.Target, _Mapping]] = ..., stanzas: _Optional[bytes] = ...) -> None: ...

class SignedProfile(_message.Message):
    __slots__ = ("bundle",)
    BUNDLE_FIELD_NUMBER: _ClassVar[int]
    bundle: str
    def __init__(self, bundle: _Optional[str] = ...) -> None: ...

class ExplainRequest(_message.Message):
    __slots__ = ("target", "key", "stanzas")
    TARGET_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    STANZAS_FIELD_NUMBER: _ClassVar[int]
    target: _common_pb2.Target
    key: str
    stanzas: bytes
    def __init__(self, target: _Optional[_Union[_common_pb2.Target, _Mapping]] = ..., key: _Optional[str] = ..., stanzas: _Optional[bytes] = ...) -> None: ...

class ExplainReply(_message.Message):
    __slots__ = ("team", "environment", "revision", "document")
    TEAM_FIELD_NUMBER: _ClassVar[int]
    ENVIRONMENT_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    team: str
    environment: str
    revision: str
    document: bytes
    def __init__(self, team: _Optional[str] = ..., environment: _Optional[str] = ..., revision: _Optional[str] = ..., document: _Optional[bytes] = ...) -> None: ...

class ExplainRightRequest(_message.Message):
    __slots__ = ("action", "target")
    ACTION_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    action: str
    target: _common_pb2.Target
    def __init__(self, action: _Optional[str] = ..., target: _Optional[_Union[_common_pb2.Target, _Mapping]] = ...) -> None: ...

class ExplainRightReply(_message.Message):
    __slots__ = ("allowed", "steps", "text")
    ALLOWED_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    allowed: bool
    steps: _containers.RepeatedScalarFieldContainer[str]
    text: str
    def __init__(self, allowed: bool = ..., steps: _Optional[_Iterable[str]] = ..., text: _Optional[str] = ...) -> None: ...

class RegisterProjectRequest(_message.Message):
    __slots__ = ("project", "remote", "team")
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    REMOTE_FIELD_NUMBER: _ClassVar[int]
    TEAM_FIELD_NUMBER: _ClassVar[int]
    project: str
    remote: str
    team: str
    def __init__(self, project: _Optional[str] = ..., remote: _Optional[str] = ..., team: _Optional[str] = ...) -> None: ...

class Project(_message.Message):
    __slots__ = ("project", "team", "remote", "created")
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    TEAM_FIELD_NUMBER: _ClassVar[int]
    REMOTE_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    project: str
    team: str
    remote: str
    created: bool
    def __init__(self, project: _Optional[str] = ..., team: _Optional[str] = ..., remote: _Optional[str] = ..., created: bool = ...) -> None: ...

class ListProjectsRequest(_message.Message):
    __slots__ = ("team", "page_size", "page_token")
    TEAM_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    team: str
    page_size: int
    page_token: str
    def __init__(self, team: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListProjectsReply(_message.Message):
    __slots__ = ("projects", "next_page_token")
    PROJECTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    projects: _containers.RepeatedCompositeFieldContainer[Project]
    next_page_token: str
    def __init__(self, projects: _Optional[_Iterable[_Union[Project, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetStatusRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Status(_message.Message):
    __slots__ = ("version", "organization", "revision", "revision_since", "refused_revision", "problems", "parts", "environments")
    class PartsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    VERSION_FIELD_NUMBER: _ClassVar[int]
    ORGANIZATION_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    REVISION_SINCE_FIELD_NUMBER: _ClassVar[int]
    REFUSED_REVISION_FIELD_NUMBER: _ClassVar[int]
    PROBLEMS_FIELD_NUMBER: _ClassVar[int]
    PARTS_FIELD_NUMBER: _ClassVar[int]
    ENVIRONMENTS_FIELD_NUMBER: _ClassVar[int]
    version: str
    organization: str
    revision: str
    revision_since: int
    refused_revision: str
    problems: _containers.RepeatedCompositeFieldContainer[_common_pb2.Problem]
    parts: _containers.ScalarMap[str, str]
    environments: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, version: _Optional[str] = ..., organization: _Optional[str] = ..., revision: _Optional[str] = ..., revision_since: _Optional[int] = ..., refused_revision: _Optional[str] = ..., problems: _Optional[_Iterable[_Union[_common_pb2.Problem, _Mapping]]] = ..., parts: _Optional[_Mapping[str, str]] = ..., environments: _Optional[_Iterable[str]] = ...) -> None: ...
