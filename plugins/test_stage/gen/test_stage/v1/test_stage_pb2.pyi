from waypaas_sdk.gen.opaqueany import any_pb2 as _any_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Target(_message.Message):
    __slots__ = ("deployment",)
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    deployment: _any_pb2.Any
    def __init__(self, deployment: _Optional[_Union[_any_pb2.Any, _Mapping]] = ...) -> None: ...

class Built(_message.Message):
    __slots__ = ("artifact", "json", "template_data")
    ARTIFACT_FIELD_NUMBER: _ClassVar[int]
    JSON_FIELD_NUMBER: _ClassVar[int]
    TEMPLATE_DATA_FIELD_NUMBER: _ClassVar[int]
    artifact: _any_pb2.Any
    json: str
    template_data: bytes
    def __init__(self, artifact: _Optional[_Union[_any_pb2.Any, _Mapping]] = ..., json: _Optional[str] = ..., template_data: _Optional[bytes] = ...) -> None: ...

class Release(_message.Message):
    __slots__ = ("plugin", "options", "release", "url", "report", "passed", "flaky", "digest")
    class OptionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    PLUGIN_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    PASSED_FIELD_NUMBER: _ClassVar[int]
    FLAKY_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    plugin: str
    options: _containers.ScalarMap[str, str]
    release: _any_pb2.Any
    url: str
    report: str
    passed: int
    flaky: int
    digest: str
    def __init__(self, plugin: _Optional[str] = ..., options: _Optional[_Mapping[str, str]] = ..., release: _Optional[_Union[_any_pb2.Any, _Mapping]] = ..., url: _Optional[str] = ..., report: _Optional[str] = ..., passed: _Optional[int] = ..., flaky: _Optional[int] = ..., digest: _Optional[str] = ...) -> None: ...
