from google.protobuf import empty_pb2 as _empty_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Image(_message.Message):
    __slots__ = ("image", "tag", "architecture", "registry", "docker", "unused_img")
    class RegistryLocation(_message.Message):
        __slots__ = ("waypoint_generated",)
        WAYPOINT_GENERATED_FIELD_NUMBER: _ClassVar[int]
        waypoint_generated: bool
        def __init__(self, waypoint_generated: bool = ...) -> None: ...
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    TAG_FIELD_NUMBER: _ClassVar[int]
    ARCHITECTURE_FIELD_NUMBER: _ClassVar[int]
    REGISTRY_FIELD_NUMBER: _ClassVar[int]
    DOCKER_FIELD_NUMBER: _ClassVar[int]
    UNUSED_IMG_FIELD_NUMBER: _ClassVar[int]
    image: str
    tag: str
    architecture: str
    registry: Image.RegistryLocation
    docker: _empty_pb2.Empty
    unused_img: _empty_pb2.Empty
    def __init__(self, image: _Optional[str] = ..., tag: _Optional[str] = ..., architecture: _Optional[str] = ..., registry: _Optional[_Union[Image.RegistryLocation, _Mapping]] = ..., docker: _Optional[_Union[_empty_pb2.Empty, _Mapping]] = ..., unused_img: _Optional[_Union[_empty_pb2.Empty, _Mapping]] = ...) -> None: ...

class AccessInfo(_message.Message):
    __slots__ = ("image", "tag", "header", "encoded", "user_pass", "insecure")
    class UserPass(_message.Message):
        __slots__ = ("username", "password")
        USERNAME_FIELD_NUMBER: _ClassVar[int]
        PASSWORD_FIELD_NUMBER: _ClassVar[int]
        username: str
        password: str
        def __init__(self, username: _Optional[str] = ..., password: _Optional[str] = ...) -> None: ...
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    TAG_FIELD_NUMBER: _ClassVar[int]
    HEADER_FIELD_NUMBER: _ClassVar[int]
    ENCODED_FIELD_NUMBER: _ClassVar[int]
    USER_PASS_FIELD_NUMBER: _ClassVar[int]
    INSECURE_FIELD_NUMBER: _ClassVar[int]
    image: str
    tag: str
    header: str
    encoded: str
    user_pass: AccessInfo.UserPass
    insecure: bool
    def __init__(self, image: _Optional[str] = ..., tag: _Optional[str] = ..., header: _Optional[str] = ..., encoded: _Optional[str] = ..., user_pass: _Optional[_Union[AccessInfo.UserPass, _Mapping]] = ..., insecure: bool = ...) -> None: ...
