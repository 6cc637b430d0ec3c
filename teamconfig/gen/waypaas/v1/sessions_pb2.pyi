from teamconfig.gen.waypaas.v1 import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetSignInRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class SignIn(_message.Message):
    __slots__ = ("organization", "providers", "signing_keys")
    ORGANIZATION_FIELD_NUMBER: _ClassVar[int]
    PROVIDERS_FIELD_NUMBER: _ClassVar[int]
    SIGNING_KEYS_FIELD_NUMBER: _ClassVar[int]
    organization: str
    providers: _containers.RepeatedCompositeFieldContainer[Provider]
    signing_keys: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, organization: _Optional[str] = ..., providers: _Optional[_Iterable[_Union[Provider, _Mapping]]] = ..., signing_keys: _Optional[_Iterable[bytes]] = ...) -> None: ...

class Provider(_message.Message):
    __slots__ = ("name", "kind", "issuer", "client_id", "scopes", "flows", "audience", "loopback_port")
    NAME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    ISSUER_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    SCOPES_FIELD_NUMBER: _ClassVar[int]
    FLOWS_FIELD_NUMBER: _ClassVar[int]
    AUDIENCE_FIELD_NUMBER: _ClassVar[int]
    LOOPBACK_PORT_FIELD_NUMBER: _ClassVar[int]
    name: str
    kind: str
    issuer: str
    client_id: str
    scopes: _containers.RepeatedScalarFieldContainer[str]
    flows: _containers.RepeatedScalarFieldContainer[str]
    audience: str
    loopback_port: int
    def __init__(self, name: _Optional[str] = ..., kind: _Optional[str] = ..., issuer: _Optional[str] = ..., client_id: _Optional[str] = ..., scopes: _Optional[_Iterable[str]] = ..., flows: _Optional[_Iterable[str]] = ..., audience: _Optional[str] = ..., loopback_port: _Optional[int] = ...) -> None: ...

class OpenRequest(_message.Message):
    __slots__ = ("provider", "token", "password", "device_key", "device_name")
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    PASSWORD_FIELD_NUMBER: _ClassVar[int]
    DEVICE_KEY_FIELD_NUMBER: _ClassVar[int]
    DEVICE_NAME_FIELD_NUMBER: _ClassVar[int]
    provider: str
    token: str
    password: Password
    device_key: bytes
    device_name: str
    def __init__(self, provider: _Optional[str] = ..., token: _Optional[str] = ..., password: _Optional[_Union[Password, _Mapping]] = ..., device_key: _Optional[bytes] = ..., device_name: _Optional[str] = ...) -> None: ...

class Password(_message.Message):
    __slots__ = ("user", "password")
    USER_FIELD_NUMBER: _ClassVar[int]
    PASSWORD_FIELD_NUMBER: _ClassVar[int]
    user: str
    password: str
    def __init__(self, user: _Optional[str] = ..., password: _Optional[str] = ...) -> None: ...

class Session(_message.Message):
    __slots__ = ("access_token", "access_expires", "refresh_token", "refresh_expires", "principal")
    ACCESS_TOKEN_FIELD_NUMBER: _ClassVar[int]
    ACCESS_EXPIRES_FIELD_NUMBER: _ClassVar[int]
    REFRESH_TOKEN_FIELD_NUMBER: _ClassVar[int]
    REFRESH_EXPIRES_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    access_token: str
    access_expires: int
    refresh_token: str
    refresh_expires: int
    principal: _common_pb2.Principal
    def __init__(self, access_token: _Optional[str] = ..., access_expires: _Optional[int] = ..., refresh_token: _Optional[str] = ..., refresh_expires: _Optional[int] = ..., principal: _Optional[_Union[_common_pb2.Principal, _Mapping]] = ...) -> None: ...

class RefreshRequest(_message.Message):
    __slots__ = ("refresh_token", "token", "seed")
    REFRESH_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    refresh_token: str
    token: str
    seed: bytes
    def __init__(self, refresh_token: _Optional[str] = ..., token: _Optional[str] = ..., seed: _Optional[bytes] = ...) -> None: ...

class CloseRequest(_message.Message):
    __slots__ = ("everywhere",)
    EVERYWHERE_FIELD_NUMBER: _ClassVar[int]
    everywhere: bool
    def __init__(self, everywhere: bool = ...) -> None: ...

class CloseReply(_message.Message):
    __slots__ = ("closed",)
    CLOSED_FIELD_NUMBER: _ClassVar[int]
    closed: int
    def __init__(self, closed: _Optional[int] = ...) -> None: ...

class WhoAmIRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class WhoAmIReply(_message.Message):
    __slots__ = ("principal", "teams", "organization_roles", "environments", "access_expires", "refresh_expires", "groups_read", "note")
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    TEAMS_FIELD_NUMBER: _ClassVar[int]
    ORGANIZATION_ROLES_FIELD_NUMBER: _ClassVar[int]
    ENVIRONMENTS_FIELD_NUMBER: _ClassVar[int]
    ACCESS_EXPIRES_FIELD_NUMBER: _ClassVar[int]
    REFRESH_EXPIRES_FIELD_NUMBER: _ClassVar[int]
    GROUPS_READ_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    principal: _common_pb2.Principal
    teams: _containers.RepeatedCompositeFieldContainer[TeamRoles]
    organization_roles: _containers.RepeatedScalarFieldContainer[str]
    environments: _containers.RepeatedScalarFieldContainer[str]
    access_expires: int
    refresh_expires: int
    groups_read: int
    note: str
    def __init__(self, principal: _Optional[_Union[_common_pb2.Principal, _Mapping]] = ..., teams: _Optional[_Iterable[_Union[TeamRoles, _Mapping]]] = ..., organization_roles: _Optional[_Iterable[str]] = ..., environments: _Optional[_Iterable[str]] = ..., access_expires: _Optional[int] = ..., refresh_expires: _Optional[int] = ..., groups_read: _Optional[int] = ..., note: _Optional[str] = ...) -> None: ...

class TeamRoles(_message.Message):
    __slots__ = ("team", "roles", "projects", "allowed")
    TEAM_FIELD_NUMBER: _ClassVar[int]
    ROLES_FIELD_NUMBER: _ClassVar[int]
    PROJECTS_FIELD_NUMBER: _ClassVar[int]
    ALLOWED_FIELD_NUMBER: _ClassVar[int]
    team: str
    roles: _containers.RepeatedScalarFieldContainer[str]
    projects: _containers.RepeatedScalarFieldContainer[str]
    allowed: _containers.RepeatedCompositeFieldContainer[Allowed]
    def __init__(self, team: _Optional[str] = ..., roles: _Optional[_Iterable[str]] = ..., projects: _Optional[_Iterable[str]] = ..., allowed: _Optional[_Iterable[_Union[Allowed, _Mapping]]] = ...) -> None: ...

class Allowed(_message.Message):
    __slots__ = ("environment", "actions")
    ENVIRONMENT_FIELD_NUMBER: _ClassVar[int]
    ACTIONS_FIELD_NUMBER: _ClassVar[int]
    environment: str
    actions: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, environment: _Optional[str] = ..., actions: _Optional[_Iterable[str]] = ...) -> None: ...
