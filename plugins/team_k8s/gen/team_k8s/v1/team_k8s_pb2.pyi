from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Cluster(_message.Message):
    __slots__ = ("kubeconfig", "context", "namespace", "server", "in_cluster", "service")
    KUBECONFIG_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    SERVER_FIELD_NUMBER: _ClassVar[int]
    IN_CLUSTER_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    kubeconfig: str
    context: str
    namespace: str
    server: str
    in_cluster: bool
    service: str
    def __init__(self, kubeconfig: _Optional[str] = ..., context: _Optional[str] = ..., namespace: _Optional[str] = ..., server: _Optional[str] = ..., in_cluster: bool = ..., service: _Optional[str] = ...) -> None: ...

class Identity(_message.Message):
    __slots__ = ("project", "app", "workspace", "environment", "team")
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    APP_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_FIELD_NUMBER: _ClassVar[int]
    ENVIRONMENT_FIELD_NUMBER: _ClassVar[int]
    TEAM_FIELD_NUMBER: _ClassVar[int]
    project: str
    app: str
    workspace: str
    environment: str
    team: str
    def __init__(self, project: _Optional[str] = ..., app: _Optional[str] = ..., workspace: _Optional[str] = ..., environment: _Optional[str] = ..., team: _Optional[str] = ...) -> None: ...

class Deployment(_message.Message):
    __slots__ = ("id", "name", "sequence", "cluster", "identity", "port", "companions", "source_path", "log_tail_lines", "profile_revision", "profile_digest", "image", "console_url", "protected")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    CLUSTER_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    PORT_FIELD_NUMBER: _ClassVar[int]
    COMPANIONS_FIELD_NUMBER: _ClassVar[int]
    SOURCE_PATH_FIELD_NUMBER: _ClassVar[int]
    LOG_TAIL_LINES_FIELD_NUMBER: _ClassVar[int]
    PROFILE_REVISION_FIELD_NUMBER: _ClassVar[int]
    PROFILE_DIGEST_FIELD_NUMBER: _ClassVar[int]
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    CONSOLE_URL_FIELD_NUMBER: _ClassVar[int]
    PROTECTED_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    sequence: int
    cluster: Cluster
    identity: Identity
    port: int
    companions: _containers.RepeatedScalarFieldContainer[str]
    source_path: str
    log_tail_lines: int
    profile_revision: str
    profile_digest: str
    image: str
    console_url: str
    protected: bool
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., sequence: _Optional[int] = ..., cluster: _Optional[_Union[Cluster, _Mapping]] = ..., identity: _Optional[_Union[Identity, _Mapping]] = ..., port: _Optional[int] = ..., companions: _Optional[_Iterable[str]] = ..., source_path: _Optional[str] = ..., log_tail_lines: _Optional[int] = ..., profile_revision: _Optional[str] = ..., profile_digest: _Optional[str] = ..., image: _Optional[str] = ..., console_url: _Optional[str] = ..., protected: bool = ...) -> None: ...

class Release(_message.Message):
    __slots__ = ("service", "url", "cluster", "identity", "deployment_id", "deployment_name", "console_url", "companions")
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    CLUSTER_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_NAME_FIELD_NUMBER: _ClassVar[int]
    CONSOLE_URL_FIELD_NUMBER: _ClassVar[int]
    COMPANIONS_FIELD_NUMBER: _ClassVar[int]
    service: str
    url: str
    cluster: Cluster
    identity: Identity
    deployment_id: str
    deployment_name: str
    console_url: str
    companions: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, service: _Optional[str] = ..., url: _Optional[str] = ..., cluster: _Optional[_Union[Cluster, _Mapping]] = ..., identity: _Optional[_Union[Identity, _Mapping]] = ..., deployment_id: _Optional[str] = ..., deployment_name: _Optional[str] = ..., console_url: _Optional[str] = ..., companions: _Optional[_Iterable[str]] = ...) -> None: ...

class Task(_message.Message):
    __slots__ = ("name", "cluster", "startup_seconds")
    NAME_FIELD_NUMBER: _ClassVar[int]
    CLUSTER_FIELD_NUMBER: _ClassVar[int]
    STARTUP_SECONDS_FIELD_NUMBER: _ClassVar[int]
    name: str
    cluster: Cluster
    startup_seconds: int
    def __init__(self, name: _Optional[str] = ..., cluster: _Optional[_Union[Cluster, _Mapping]] = ..., startup_seconds: _Optional[int] = ...) -> None: ...
