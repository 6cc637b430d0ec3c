from waypaas_sdk.gen.protostructure import protostructure_pb2 as _protostructure_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Config(_message.Message):
    __slots__ = ()
    class ConfigureRequest(_message.Message):
        __slots__ = ("json",)
        JSON_FIELD_NUMBER: _ClassVar[int]
        json: bytes
        def __init__(self, json: _Optional[bytes] = ...) -> None: ...
    class StructResp(_message.Message):
        __slots__ = ("struct",)
        STRUCT_FIELD_NUMBER: _ClassVar[int]
        struct: _protostructure_pb2.Struct
        def __init__(self, struct: _Optional[_Union[_protostructure_pb2.Struct, _Mapping]] = ...) -> None: ...
    class FieldDocumentation(_message.Message):
        __slots__ = ("name", "synopsis", "summary", "optional", "env_var", "type", "default", "category", "sub_fields")
        NAME_FIELD_NUMBER: _ClassVar[int]
        SYNOPSIS_FIELD_NUMBER: _ClassVar[int]
        SUMMARY_FIELD_NUMBER: _ClassVar[int]
        OPTIONAL_FIELD_NUMBER: _ClassVar[int]
        ENV_VAR_FIELD_NUMBER: _ClassVar[int]
        TYPE_FIELD_NUMBER: _ClassVar[int]
        DEFAULT_FIELD_NUMBER: _ClassVar[int]
        CATEGORY_FIELD_NUMBER: _ClassVar[int]
        SUB_FIELDS_FIELD_NUMBER: _ClassVar[int]
        name: str
        synopsis: str
        summary: str
        optional: bool
        env_var: str
        type: str
        default: str
        category: bool
        sub_fields: _containers.RepeatedCompositeFieldContainer[Config.FieldDocumentation]
        def __init__(self, name: _Optional[str] = ..., synopsis: _Optional[str] = ..., summary: _Optional[str] = ..., optional: bool = ..., env_var: _Optional[str] = ..., type: _Optional[str] = ..., default: _Optional[str] = ..., category: bool = ..., sub_fields: _Optional[_Iterable[_Union[Config.FieldDocumentation, _Mapping]]] = ...) -> None: ...
    class MapperDocumentation(_message.Message):
        __slots__ = ("input", "output", "description")
        INPUT_FIELD_NUMBER: _ClassVar[int]
        OUTPUT_FIELD_NUMBER: _ClassVar[int]
        DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
        input: str
        output: str
        description: str
        def __init__(self, input: _Optional[str] = ..., output: _Optional[str] = ..., description: _Optional[str] = ...) -> None: ...
    class Documentation(_message.Message):
        __slots__ = ("description", "example", "input", "output", "fields", "template_fields", "request_fields", "mappers")
        class FieldsEntry(_message.Message):
            __slots__ = ("key", "value")
            KEY_FIELD_NUMBER: _ClassVar[int]
            VALUE_FIELD_NUMBER: _ClassVar[int]
            key: str
            value: Config.FieldDocumentation
            def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Config.FieldDocumentation, _Mapping]] = ...) -> None: ...
        class TemplateFieldsEntry(_message.Message):
            __slots__ = ("key", "value")
            KEY_FIELD_NUMBER: _ClassVar[int]
            VALUE_FIELD_NUMBER: _ClassVar[int]
            key: str
            value: Config.FieldDocumentation
            def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Config.FieldDocumentation, _Mapping]] = ...) -> None: ...
        class RequestFieldsEntry(_message.Message):
            __slots__ = ("key", "value")
            KEY_FIELD_NUMBER: _ClassVar[int]
            VALUE_FIELD_NUMBER: _ClassVar[int]
            key: str
            value: Config.FieldDocumentation
            def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Config.FieldDocumentation, _Mapping]] = ...) -> None: ...
        DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
        EXAMPLE_FIELD_NUMBER: _ClassVar[int]
        INPUT_FIELD_NUMBER: _ClassVar[int]
        OUTPUT_FIELD_NUMBER: _ClassVar[int]
        FIELDS_FIELD_NUMBER: _ClassVar[int]
        TEMPLATE_FIELDS_FIELD_NUMBER: _ClassVar[int]
        REQUEST_FIELDS_FIELD_NUMBER: _ClassVar[int]
        MAPPERS_FIELD_NUMBER: _ClassVar[int]
        description: str
        example: str
        input: str
        output: str
        fields: _containers.MessageMap[str, Config.FieldDocumentation]
        template_fields: _containers.MessageMap[str, Config.FieldDocumentation]
        request_fields: _containers.MessageMap[str, Config.FieldDocumentation]
        mappers: _containers.RepeatedCompositeFieldContainer[Config.MapperDocumentation]
        def __init__(self, description: _Optional[str] = ..., example: _Optional[str] = ..., input: _Optional[str] = ..., output: _Optional[str] = ..., fields: _Optional[_Mapping[str, Config.FieldDocumentation]] = ..., template_fields: _Optional[_Mapping[str, Config.FieldDocumentation]] = ..., request_fields: _Optional[_Mapping[str, Config.FieldDocumentation]] = ..., mappers: _Optional[_Iterable[_Union[Config.MapperDocumentation, _Mapping]]] = ...) -> None: ...
    def __init__(self) -> None: ...
