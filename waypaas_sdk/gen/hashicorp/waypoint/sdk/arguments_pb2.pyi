from google.protobuf import timestamp_pb2 as _timestamp_pb2
from waypaas_sdk.gen.opaqueany import any_pb2 as _any_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Args(_message.Message):
    __slots__ = ()
    class Source(_message.Message):
        __slots__ = ("app", "path")
        APP_FIELD_NUMBER: _ClassVar[int]
        PATH_FIELD_NUMBER: _ClassVar[int]
        app: str
        path: str
        def __init__(self, app: _Optional[str] = ..., path: _Optional[str] = ...) -> None: ...
    class JobInfo(_message.Message):
        __slots__ = ("local", "workspace", "id", "project", "app")
        LOCAL_FIELD_NUMBER: _ClassVar[int]
        WORKSPACE_FIELD_NUMBER: _ClassVar[int]
        ID_FIELD_NUMBER: _ClassVar[int]
        PROJECT_FIELD_NUMBER: _ClassVar[int]
        APP_FIELD_NUMBER: _ClassVar[int]
        local: bool
        workspace: str
        id: str
        project: str
        app: str
        def __init__(self, local: bool = ..., workspace: _Optional[str] = ..., id: _Optional[str] = ..., project: _Optional[str] = ..., app: _Optional[str] = ...) -> None: ...
    class DeploymentConfig(_message.Message):
        __slots__ = ("id", "server_addr", "server_tls", "server_tls_skip_verify", "entrypoint_invite_token", "sequence")
        ID_FIELD_NUMBER: _ClassVar[int]
        SERVER_ADDR_FIELD_NUMBER: _ClassVar[int]
        SERVER_TLS_FIELD_NUMBER: _ClassVar[int]
        SERVER_TLS_SKIP_VERIFY_FIELD_NUMBER: _ClassVar[int]
        ENTRYPOINT_INVITE_TOKEN_FIELD_NUMBER: _ClassVar[int]
        SEQUENCE_FIELD_NUMBER: _ClassVar[int]
        id: str
        server_addr: str
        server_tls: bool
        server_tls_skip_verify: bool
        entrypoint_invite_token: str
        sequence: int
        def __init__(self, id: _Optional[str] = ..., server_addr: _Optional[str] = ..., server_tls: bool = ..., server_tls_skip_verify: bool = ..., entrypoint_invite_token: _Optional[str] = ..., sequence: _Optional[int] = ...) -> None: ...
    class DataDir(_message.Message):
        __slots__ = ()
        class Project(_message.Message):
            __slots__ = ("cache_dir", "data_dir")
            CACHE_DIR_FIELD_NUMBER: _ClassVar[int]
            DATA_DIR_FIELD_NUMBER: _ClassVar[int]
            cache_dir: str
            data_dir: str
            def __init__(self, cache_dir: _Optional[str] = ..., data_dir: _Optional[str] = ...) -> None: ...
        class App(_message.Message):
            __slots__ = ("cache_dir", "data_dir")
            CACHE_DIR_FIELD_NUMBER: _ClassVar[int]
            DATA_DIR_FIELD_NUMBER: _ClassVar[int]
            cache_dir: str
            data_dir: str
            def __init__(self, cache_dir: _Optional[str] = ..., data_dir: _Optional[str] = ...) -> None: ...
        class Component(_message.Message):
            __slots__ = ("cache_dir", "data_dir")
            CACHE_DIR_FIELD_NUMBER: _ClassVar[int]
            DATA_DIR_FIELD_NUMBER: _ClassVar[int]
            cache_dir: str
            data_dir: str
            def __init__(self, cache_dir: _Optional[str] = ..., data_dir: _Optional[str] = ...) -> None: ...
        def __init__(self) -> None: ...
    class Logger(_message.Message):
        __slots__ = ("name",)
        NAME_FIELD_NUMBER: _ClassVar[int]
        name: str
        def __init__(self, name: _Optional[str] = ...) -> None: ...
    class TerminalUI(_message.Message):
        __slots__ = ("stream_id",)
        STREAM_ID_FIELD_NUMBER: _ClassVar[int]
        stream_id: int
        def __init__(self, stream_id: _Optional[int] = ...) -> None: ...
    class ReleaseTargets(_message.Message):
        __slots__ = ("targets",)
        class Target(_message.Message):
            __slots__ = ("deployment", "percent")
            DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
            PERCENT_FIELD_NUMBER: _ClassVar[int]
            deployment: _any_pb2.Any
            percent: int
            def __init__(self, deployment: _Optional[_Union[_any_pb2.Any, _Mapping]] = ..., percent: _Optional[int] = ...) -> None: ...
        TARGETS_FIELD_NUMBER: _ClassVar[int]
        targets: _containers.RepeatedCompositeFieldContainer[Args.ReleaseTargets.Target]
        def __init__(self, targets: _Optional[_Iterable[_Union[Args.ReleaseTargets.Target, _Mapping]]] = ...) -> None: ...
    class LabelSet(_message.Message):
        __slots__ = ("labels",)
        class LabelsEntry(_message.Message):
            __slots__ = ("key", "value")
            KEY_FIELD_NUMBER: _ClassVar[int]
            VALUE_FIELD_NUMBER: _ClassVar[int]
            key: str
            value: str
            def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
        LABELS_FIELD_NUMBER: _ClassVar[int]
        labels: _containers.ScalarMap[str, str]
        def __init__(self, labels: _Optional[_Mapping[str, str]] = ...) -> None: ...
    class ExecSessionInfo(_message.Message):
        __slots__ = ("stream_id", "args", "is_tty", "initial_window", "term_type", "env")
        STREAM_ID_FIELD_NUMBER: _ClassVar[int]
        ARGS_FIELD_NUMBER: _ClassVar[int]
        IS_TTY_FIELD_NUMBER: _ClassVar[int]
        INITIAL_WINDOW_FIELD_NUMBER: _ClassVar[int]
        TERM_TYPE_FIELD_NUMBER: _ClassVar[int]
        ENV_FIELD_NUMBER: _ClassVar[int]
        stream_id: int
        args: _containers.RepeatedScalarFieldContainer[str]
        is_tty: bool
        initial_window: WindowSize
        term_type: str
        env: _containers.RepeatedScalarFieldContainer[str]
        def __init__(self, stream_id: _Optional[int] = ..., args: _Optional[_Iterable[str]] = ..., is_tty: bool = ..., initial_window: _Optional[_Union[WindowSize, _Mapping]] = ..., term_type: _Optional[str] = ..., env: _Optional[_Iterable[str]] = ...) -> None: ...
    class LogViewer(_message.Message):
        __slots__ = ("stream_id", "starting_at", "limit")
        STREAM_ID_FIELD_NUMBER: _ClassVar[int]
        STARTING_AT_FIELD_NUMBER: _ClassVar[int]
        LIMIT_FIELD_NUMBER: _ClassVar[int]
        stream_id: int
        starting_at: _timestamp_pb2.Timestamp
        limit: int
        def __init__(self, stream_id: _Optional[int] = ..., starting_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., limit: _Optional[int] = ...) -> None: ...
    class TaskLaunchInfo(_message.Message):
        __slots__ = ("oci_url", "environment_variables", "entrypoint", "arguments")
        class EnvironmentVariablesEntry(_message.Message):
            __slots__ = ("key", "value")
            KEY_FIELD_NUMBER: _ClassVar[int]
            VALUE_FIELD_NUMBER: _ClassVar[int]
            key: str
            value: str
            def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
        OCI_URL_FIELD_NUMBER: _ClassVar[int]
        ENVIRONMENT_VARIABLES_FIELD_NUMBER: _ClassVar[int]
        ENTRYPOINT_FIELD_NUMBER: _ClassVar[int]
        ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
        oci_url: str
        environment_variables: _containers.ScalarMap[str, str]
        entrypoint: _containers.RepeatedScalarFieldContainer[str]
        arguments: _containers.RepeatedScalarFieldContainer[str]
        def __init__(self, oci_url: _Optional[str] = ..., environment_variables: _Optional[_Mapping[str, str]] = ..., entrypoint: _Optional[_Iterable[str]] = ..., arguments: _Optional[_Iterable[str]] = ...) -> None: ...
    def __init__(self) -> None: ...

class WindowSize(_message.Message):
    __slots__ = ("height", "width")
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    height: int
    width: int
    def __init__(self, height: _Optional[int] = ..., width: _Optional[int] = ...) -> None: ...

class FuncSpec(_message.Message):
    __slots__ = ("name", "args", "result")
    class Value(_message.Message):
        __slots__ = ("name", "type", "primitive_type", "proto_any", "bool", "int", "uint", "string")
        class PrimitiveType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            INVALID: _ClassVar[FuncSpec.Value.PrimitiveType]
            BOOL: _ClassVar[FuncSpec.Value.PrimitiveType]
            INT: _ClassVar[FuncSpec.Value.PrimitiveType]
            INT8: _ClassVar[FuncSpec.Value.PrimitiveType]
            INT16: _ClassVar[FuncSpec.Value.PrimitiveType]
            INT32: _ClassVar[FuncSpec.Value.PrimitiveType]
            INT64: _ClassVar[FuncSpec.Value.PrimitiveType]
            UINT: _ClassVar[FuncSpec.Value.PrimitiveType]
            UINT8: _ClassVar[FuncSpec.Value.PrimitiveType]
            UINT16: _ClassVar[FuncSpec.Value.PrimitiveType]
            UINT32: _ClassVar[FuncSpec.Value.PrimitiveType]
            UINT64: _ClassVar[FuncSpec.Value.PrimitiveType]
            STRING: _ClassVar[FuncSpec.Value.PrimitiveType]
        INVALID: FuncSpec.Value.PrimitiveType
        BOOL: FuncSpec.Value.PrimitiveType
        INT: FuncSpec.Value.PrimitiveType
        INT8: FuncSpec.Value.PrimitiveType
        INT16: FuncSpec.Value.PrimitiveType
        INT32: FuncSpec.Value.PrimitiveType
        INT64: FuncSpec.Value.PrimitiveType
        UINT: FuncSpec.Value.PrimitiveType
        UINT8: FuncSpec.Value.PrimitiveType
        UINT16: FuncSpec.Value.PrimitiveType
        UINT32: FuncSpec.Value.PrimitiveType
        UINT64: FuncSpec.Value.PrimitiveType
        STRING: FuncSpec.Value.PrimitiveType
        NAME_FIELD_NUMBER: _ClassVar[int]
        TYPE_FIELD_NUMBER: _ClassVar[int]
        PRIMITIVE_TYPE_FIELD_NUMBER: _ClassVar[int]
        PROTO_ANY_FIELD_NUMBER: _ClassVar[int]
        BOOL_FIELD_NUMBER: _ClassVar[int]
        INT_FIELD_NUMBER: _ClassVar[int]
        UINT_FIELD_NUMBER: _ClassVar[int]
        STRING_FIELD_NUMBER: _ClassVar[int]
        name: str
        type: str
        primitive_type: FuncSpec.Value.PrimitiveType
        proto_any: _any_pb2.Any
        bool: bool
        int: int
        uint: int
        string: str
        def __init__(self, name: _Optional[str] = ..., type: _Optional[str] = ..., primitive_type: _Optional[_Union[FuncSpec.Value.PrimitiveType, str]] = ..., proto_any: _Optional[_Union[_any_pb2.Any, _Mapping]] = ..., bool: bool = ..., int: _Optional[int] = ..., uint: _Optional[int] = ..., string: _Optional[str] = ...) -> None: ...
    class Args(_message.Message):
        __slots__ = ("args",)
        ARGS_FIELD_NUMBER: _ClassVar[int]
        args: _containers.RepeatedCompositeFieldContainer[FuncSpec.Value]
        def __init__(self, args: _Optional[_Iterable[_Union[FuncSpec.Value, _Mapping]]] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    ARGS_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    name: str
    args: _containers.RepeatedCompositeFieldContainer[FuncSpec.Value]
    result: _containers.RepeatedCompositeFieldContainer[FuncSpec.Value]
    def __init__(self, name: _Optional[str] = ..., args: _Optional[_Iterable[_Union[FuncSpec.Value, _Mapping]]] = ..., result: _Optional[_Iterable[_Union[FuncSpec.Value, _Mapping]]] = ...) -> None: ...

class Map(_message.Message):
    __slots__ = ()
    class Request(_message.Message):
        __slots__ = ("args", "result")
        ARGS_FIELD_NUMBER: _ClassVar[int]
        RESULT_FIELD_NUMBER: _ClassVar[int]
        args: FuncSpec.Args
        result: str
        def __init__(self, args: _Optional[_Union[FuncSpec.Args, _Mapping]] = ..., result: _Optional[str] = ...) -> None: ...
    class Response(_message.Message):
        __slots__ = ("result",)
        RESULT_FIELD_NUMBER: _ClassVar[int]
        result: _any_pb2.Any
        def __init__(self, result: _Optional[_Union[_any_pb2.Any, _Mapping]] = ...) -> None: ...
    class ListResponse(_message.Message):
        __slots__ = ("funcs",)
        FUNCS_FIELD_NUMBER: _ClassVar[int]
        funcs: _containers.RepeatedCompositeFieldContainer[FuncSpec]
        def __init__(self, funcs: _Optional[_Iterable[_Union[FuncSpec, _Mapping]]] = ...) -> None: ...
    def __init__(self) -> None: ...
