from google.protobuf import timestamp_pb2 as _timestamp_pb2
from waypaas_sdk.gen.opaqueany import any_pb2 as _any_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ResourceCategoryDisplayHint(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    UNKNOWN: _ClassVar[ResourceCategoryDisplayHint]
    OTHER: _ClassVar[ResourceCategoryDisplayHint]
    INSTANCE: _ClassVar[ResourceCategoryDisplayHint]
    INSTANCE_MANAGER: _ClassVar[ResourceCategoryDisplayHint]
    ROUTER: _ClassVar[ResourceCategoryDisplayHint]
    POLICY: _ClassVar[ResourceCategoryDisplayHint]
    CONFIG: _ClassVar[ResourceCategoryDisplayHint]
    FUNCTION: _ClassVar[ResourceCategoryDisplayHint]
    STORAGE: _ClassVar[ResourceCategoryDisplayHint]
UNKNOWN: ResourceCategoryDisplayHint
OTHER: ResourceCategoryDisplayHint
INSTANCE: ResourceCategoryDisplayHint
INSTANCE_MANAGER: ResourceCategoryDisplayHint
ROUTER: ResourceCategoryDisplayHint
POLICY: ResourceCategoryDisplayHint
CONFIG: ResourceCategoryDisplayHint
FUNCTION: ResourceCategoryDisplayHint
STORAGE: ResourceCategoryDisplayHint

class DeclaredResource(_message.Message):
    __slots__ = ("name", "type", "platform", "state", "state_json", "category_display_hint")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    PLATFORM_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    STATE_JSON_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_DISPLAY_HINT_FIELD_NUMBER: _ClassVar[int]
    name: str
    type: str
    platform: str
    state: _any_pb2.Any
    state_json: str
    category_display_hint: ResourceCategoryDisplayHint
    def __init__(self, name: _Optional[str] = ..., type: _Optional[str] = ..., platform: _Optional[str] = ..., state: _Optional[_Union[_any_pb2.Any, _Mapping]] = ..., state_json: _Optional[str] = ..., category_display_hint: _Optional[_Union[ResourceCategoryDisplayHint, str]] = ...) -> None: ...

class DeclaredResources(_message.Message):
    __slots__ = ("resources",)
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    resources: _containers.RepeatedCompositeFieldContainer[DeclaredResource]
    def __init__(self, resources: _Optional[_Iterable[_Union[DeclaredResource, _Mapping]]] = ...) -> None: ...

class DestroyedResource(_message.Message):
    __slots__ = ("name", "type", "platform", "state", "state_json")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    PLATFORM_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    STATE_JSON_FIELD_NUMBER: _ClassVar[int]
    name: str
    type: str
    platform: str
    state: _any_pb2.Any
    state_json: str
    def __init__(self, name: _Optional[str] = ..., type: _Optional[str] = ..., platform: _Optional[str] = ..., state: _Optional[_Union[_any_pb2.Any, _Mapping]] = ..., state_json: _Optional[str] = ...) -> None: ...

class DestroyedResources(_message.Message):
    __slots__ = ("destroyed_resources",)
    DESTROYED_RESOURCES_FIELD_NUMBER: _ClassVar[int]
    destroyed_resources: _containers.RepeatedCompositeFieldContainer[DestroyedResource]
    def __init__(self, destroyed_resources: _Optional[_Iterable[_Union[DestroyedResource, _Mapping]]] = ...) -> None: ...

class Ref(_message.Message):
    __slots__ = ()
    class DeclaredResource(_message.Message):
        __slots__ = ("name",)
        NAME_FIELD_NUMBER: _ClassVar[int]
        name: str
        def __init__(self, name: _Optional[str] = ...) -> None: ...
    def __init__(self) -> None: ...

class StatusReport(_message.Message):
    __slots__ = ("resources", "health", "health_message", "generated_time", "external")
    class Health(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        UNKNOWN: _ClassVar[StatusReport.Health]
        ALIVE: _ClassVar[StatusReport.Health]
        READY: _ClassVar[StatusReport.Health]
        DOWN: _ClassVar[StatusReport.Health]
        MISSING: _ClassVar[StatusReport.Health]
        PARTIAL: _ClassVar[StatusReport.Health]
    UNKNOWN: StatusReport.Health
    ALIVE: StatusReport.Health
    READY: StatusReport.Health
    DOWN: StatusReport.Health
    MISSING: StatusReport.Health
    PARTIAL: StatusReport.Health
    class Resource(_message.Message):
        __slots__ = ("id", "declared_resource", "parent_resource_id", "name", "platform", "type", "platform_url", "category_display_hint", "created_time", "state_json", "health", "health_message")
        ID_FIELD_NUMBER: _ClassVar[int]
        DECLARED_RESOURCE_FIELD_NUMBER: _ClassVar[int]
        PARENT_RESOURCE_ID_FIELD_NUMBER: _ClassVar[int]
        NAME_FIELD_NUMBER: _ClassVar[int]
        PLATFORM_FIELD_NUMBER: _ClassVar[int]
        TYPE_FIELD_NUMBER: _ClassVar[int]
        PLATFORM_URL_FIELD_NUMBER: _ClassVar[int]
        CATEGORY_DISPLAY_HINT_FIELD_NUMBER: _ClassVar[int]
        CREATED_TIME_FIELD_NUMBER: _ClassVar[int]
        STATE_JSON_FIELD_NUMBER: _ClassVar[int]
        HEALTH_FIELD_NUMBER: _ClassVar[int]
        HEALTH_MESSAGE_FIELD_NUMBER: _ClassVar[int]
        id: str
        declared_resource: Ref.DeclaredResource
        parent_resource_id: str
        name: str
        platform: str
        type: str
        platform_url: str
        category_display_hint: ResourceCategoryDisplayHint
        created_time: _timestamp_pb2.Timestamp
        state_json: str
        health: StatusReport.Health
        health_message: str
        def __init__(self, id: _Optional[str] = ..., declared_resource: _Optional[_Union[Ref.DeclaredResource, _Mapping]] = ..., parent_resource_id: _Optional[str] = ..., name: _Optional[str] = ..., platform: _Optional[str] = ..., type: _Optional[str] = ..., platform_url: _Optional[str] = ..., category_display_hint: _Optional[_Union[ResourceCategoryDisplayHint, str]] = ..., created_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., state_json: _Optional[str] = ..., health: _Optional[_Union[StatusReport.Health, str]] = ..., health_message: _Optional[str] = ...) -> None: ...
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    HEALTH_FIELD_NUMBER: _ClassVar[int]
    HEALTH_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    GENERATED_TIME_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_FIELD_NUMBER: _ClassVar[int]
    resources: _containers.RepeatedCompositeFieldContainer[StatusReport.Resource]
    health: StatusReport.Health
    health_message: str
    generated_time: _timestamp_pb2.Timestamp
    external: bool
    def __init__(self, resources: _Optional[_Iterable[_Union[StatusReport.Resource, _Mapping]]] = ..., health: _Optional[_Union[StatusReport.Health, str]] = ..., health_message: _Optional[str] = ..., generated_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., external: bool = ...) -> None: ...

class Framework(_message.Message):
    __slots__ = ()
    class ResourceManagerState(_message.Message):
        __slots__ = ("resources", "create_order")
        RESOURCES_FIELD_NUMBER: _ClassVar[int]
        CREATE_ORDER_FIELD_NUMBER: _ClassVar[int]
        resources: _containers.RepeatedCompositeFieldContainer[Framework.ResourceState]
        create_order: _containers.RepeatedScalarFieldContainer[str]
        def __init__(self, resources: _Optional[_Iterable[_Union[Framework.ResourceState, _Mapping]]] = ..., create_order: _Optional[_Iterable[str]] = ...) -> None: ...
    class ResourceState(_message.Message):
        __slots__ = ("name", "raw", "json")
        NAME_FIELD_NUMBER: _ClassVar[int]
        RAW_FIELD_NUMBER: _ClassVar[int]
        JSON_FIELD_NUMBER: _ClassVar[int]
        name: str
        raw: _any_pb2.Any
        json: str
        def __init__(self, name: _Optional[str] = ..., raw: _Optional[_Union[_any_pb2.Any, _Mapping]] = ..., json: _Optional[str] = ...) -> None: ...
    def __init__(self) -> None: ...
