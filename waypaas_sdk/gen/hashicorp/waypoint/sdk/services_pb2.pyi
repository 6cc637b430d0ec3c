from google.protobuf import empty_pb2 as _empty_pb2
from google.rpc import status_pb2 as _status_pb2
from waypaas_sdk.gen.hashicorp.waypoint.sdk import arguments_pb2 as _arguments_pb2
from waypaas_sdk.gen.hashicorp.waypoint.sdk import config_pb2 as _config_pb2
from waypaas_sdk.gen.hashicorp.waypoint.sdk import resources_pb2 as _resources_pb2
from waypaas_sdk.gen.hashicorp.waypoint.sdk import streams_pb2 as _streams_pb2
from waypaas_sdk.gen.opaqueany import any_pb2 as _any_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ImplementsResp(_message.Message):
    __slots__ = ("implements",)
    IMPLEMENTS_FIELD_NUMBER: _ClassVar[int]
    implements: bool
    def __init__(self, implements: bool = ...) -> None: ...

class Auth(_message.Message):
    __slots__ = ()
    class AuthResponse(_message.Message):
        __slots__ = ("authenticated",)
        AUTHENTICATED_FIELD_NUMBER: _ClassVar[int]
        authenticated: bool
        def __init__(self, authenticated: bool = ...) -> None: ...
    def __init__(self) -> None: ...

class Generation(_message.Message):
    __slots__ = ()
    class Resp(_message.Message):
        __slots__ = ("id",)
        ID_FIELD_NUMBER: _ClassVar[int]
        id: bytes
        def __init__(self, id: _Optional[bytes] = ...) -> None: ...
    def __init__(self) -> None: ...

class Build(_message.Message):
    __slots__ = ()
    class Resp(_message.Message):
        __slots__ = ("result", "result_json", "labels", "template_data")
        class LabelsEntry(_message.Message):
            __slots__ = ("key", "value")
            KEY_FIELD_NUMBER: _ClassVar[int]
            VALUE_FIELD_NUMBER: _ClassVar[int]
            key: str
            value: str
            def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
        RESULT_FIELD_NUMBER: _ClassVar[int]
        RESULT_JSON_FIELD_NUMBER: _ClassVar[int]
        LABELS_FIELD_NUMBER: _ClassVar[int]
        TEMPLATE_DATA_FIELD_NUMBER: _ClassVar[int]
        result: _any_pb2.Any
        result_json: str
        labels: _containers.ScalarMap[str, str]
        template_data: bytes
        def __init__(self, result: _Optional[_Union[_any_pb2.Any, _Mapping]] = ..., result_json: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ..., template_data: _Optional[bytes] = ...) -> None: ...
    def __init__(self) -> None: ...

class Push(_message.Message):
    __slots__ = ()
    class Resp(_message.Message):
        __slots__ = ("result", "result_json", "template_data")
        RESULT_FIELD_NUMBER: _ClassVar[int]
        RESULT_JSON_FIELD_NUMBER: _ClassVar[int]
        TEMPLATE_DATA_FIELD_NUMBER: _ClassVar[int]
        result: _any_pb2.Any
        result_json: str
        template_data: bytes
        def __init__(self, result: _Optional[_Union[_any_pb2.Any, _Mapping]] = ..., result_json: _Optional[str] = ..., template_data: _Optional[bytes] = ...) -> None: ...
    def __init__(self) -> None: ...

class Access(_message.Message):
    __slots__ = ()
    class Resp(_message.Message):
        __slots__ = ("result",)
        RESULT_FIELD_NUMBER: _ClassVar[int]
        result: _any_pb2.Any
        def __init__(self, result: _Optional[_Union[_any_pb2.Any, _Mapping]] = ...) -> None: ...
    def __init__(self) -> None: ...

class Deploy(_message.Message):
    __slots__ = ("url",)
    class Resp(_message.Message):
        __slots__ = ("result", "result_json", "deployment", "template_data", "declared_resources")
        RESULT_FIELD_NUMBER: _ClassVar[int]
        RESULT_JSON_FIELD_NUMBER: _ClassVar[int]
        DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
        TEMPLATE_DATA_FIELD_NUMBER: _ClassVar[int]
        DECLARED_RESOURCES_FIELD_NUMBER: _ClassVar[int]
        result: _any_pb2.Any
        result_json: str
        deployment: Deploy
        template_data: bytes
        declared_resources: _resources_pb2.DeclaredResources
        def __init__(self, result: _Optional[_Union[_any_pb2.Any, _Mapping]] = ..., result_json: _Optional[str] = ..., deployment: _Optional[_Union[Deploy, _Mapping]] = ..., template_data: _Optional[bytes] = ..., declared_resources: _Optional[_Union[_resources_pb2.DeclaredResources, _Mapping]] = ...) -> None: ...
    URL_FIELD_NUMBER: _ClassVar[int]
    url: str
    def __init__(self, url: _Optional[str] = ...) -> None: ...

class DefaultReleaser(_message.Message):
    __slots__ = ()
    class Resp(_message.Message):
        __slots__ = ("stream_id",)
        STREAM_ID_FIELD_NUMBER: _ClassVar[int]
        stream_id: int
        def __init__(self, stream_id: _Optional[int] = ...) -> None: ...
    def __init__(self) -> None: ...

class Destroy(_message.Message):
    __slots__ = ()
    class Resp(_message.Message):
        __slots__ = ("declared_resources", "destroyed_resources")
        DECLARED_RESOURCES_FIELD_NUMBER: _ClassVar[int]
        DESTROYED_RESOURCES_FIELD_NUMBER: _ClassVar[int]
        declared_resources: _resources_pb2.DeclaredResources
        destroyed_resources: _resources_pb2.DestroyedResources
        def __init__(self, declared_resources: _Optional[_Union[_resources_pb2.DeclaredResources, _Mapping]] = ..., destroyed_resources: _Optional[_Union[_resources_pb2.DestroyedResources, _Mapping]] = ...) -> None: ...
    def __init__(self) -> None: ...

class Release(_message.Message):
    __slots__ = ("url",)
    class Resp(_message.Message):
        __slots__ = ("result", "release", "template_data", "declared_resources")
        RESULT_FIELD_NUMBER: _ClassVar[int]
        RELEASE_FIELD_NUMBER: _ClassVar[int]
        TEMPLATE_DATA_FIELD_NUMBER: _ClassVar[int]
        DECLARED_RESOURCES_FIELD_NUMBER: _ClassVar[int]
        result: _any_pb2.Any
        release: Release
        template_data: bytes
        declared_resources: _resources_pb2.DeclaredResources
        def __init__(self, result: _Optional[_Union[_any_pb2.Any, _Mapping]] = ..., release: _Optional[_Union[Release, _Mapping]] = ..., template_data: _Optional[bytes] = ..., declared_resources: _Optional[_Union[_resources_pb2.DeclaredResources, _Mapping]] = ...) -> None: ...
    URL_FIELD_NUMBER: _ClassVar[int]
    url: str
    def __init__(self, url: _Optional[str] = ...) -> None: ...

class ConfigSource(_message.Message):
    __slots__ = ()
    class ReadResponse(_message.Message):
        __slots__ = ("values",)
        VALUES_FIELD_NUMBER: _ClassVar[int]
        values: _containers.RepeatedCompositeFieldContainer[ConfigSource.Value]
        def __init__(self, values: _Optional[_Iterable[_Union[ConfigSource.Value, _Mapping]]] = ...) -> None: ...
    class Value(_message.Message):
        __slots__ = ("name", "error", "value", "json")
        NAME_FIELD_NUMBER: _ClassVar[int]
        ERROR_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        JSON_FIELD_NUMBER: _ClassVar[int]
        name: str
        error: _status_pb2.Status
        value: str
        json: bytes
        def __init__(self, name: _Optional[str] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., value: _Optional[str] = ..., json: _Optional[bytes] = ...) -> None: ...
    def __init__(self) -> None: ...

class TaskLaunch(_message.Message):
    __slots__ = ()
    class Resp(_message.Message):
        __slots__ = ("result", "result_json")
        RESULT_FIELD_NUMBER: _ClassVar[int]
        RESULT_JSON_FIELD_NUMBER: _ClassVar[int]
        result: _any_pb2.Any
        result_json: str
        def __init__(self, result: _Optional[_Union[_any_pb2.Any, _Mapping]] = ..., result_json: _Optional[str] = ...) -> None: ...
    def __init__(self) -> None: ...

class TaskWatch(_message.Message):
    __slots__ = ()
    class Resp(_message.Message):
        __slots__ = ("exit_code",)
        EXIT_CODE_FIELD_NUMBER: _ClassVar[int]
        exit_code: int
        def __init__(self, exit_code: _Optional[int] = ...) -> None: ...
    def __init__(self) -> None: ...
