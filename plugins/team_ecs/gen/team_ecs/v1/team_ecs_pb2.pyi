from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Place(_message.Message):
    __slots__ = ("region", "account", "cluster", "listener_arn", "service", "network_arn")
    REGION_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    CLUSTER_FIELD_NUMBER: _ClassVar[int]
    LISTENER_ARN_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    NETWORK_ARN_FIELD_NUMBER: _ClassVar[int]
    region: str
    account: str
    cluster: str
    listener_arn: str
    service: str
    network_arn: str
    def __init__(self, region: _Optional[str] = ..., account: _Optional[str] = ..., cluster: _Optional[str] = ..., listener_arn: _Optional[str] = ..., service: _Optional[str] = ..., network_arn: _Optional[str] = ...) -> None: ...

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
    __slots__ = ("id", "name", "sequence", "place", "identity", "port", "task_definition_arn", "target_group_arn", "autoscaled", "image", "container", "log_group", "profile_revision", "profile_digest", "protected", "source_path", "exec_enabled", "routed_logs")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    PORT_FIELD_NUMBER: _ClassVar[int]
    TASK_DEFINITION_ARN_FIELD_NUMBER: _ClassVar[int]
    TARGET_GROUP_ARN_FIELD_NUMBER: _ClassVar[int]
    AUTOSCALED_FIELD_NUMBER: _ClassVar[int]
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    CONTAINER_FIELD_NUMBER: _ClassVar[int]
    LOG_GROUP_FIELD_NUMBER: _ClassVar[int]
    PROFILE_REVISION_FIELD_NUMBER: _ClassVar[int]
    PROFILE_DIGEST_FIELD_NUMBER: _ClassVar[int]
    PROTECTED_FIELD_NUMBER: _ClassVar[int]
    SOURCE_PATH_FIELD_NUMBER: _ClassVar[int]
    EXEC_ENABLED_FIELD_NUMBER: _ClassVar[int]
    ROUTED_LOGS_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    sequence: int
    place: Place
    identity: Identity
    port: int
    task_definition_arn: str
    target_group_arn: str
    autoscaled: bool
    image: str
    container: str
    log_group: str
    profile_revision: str
    profile_digest: str
    protected: bool
    source_path: str
    exec_enabled: bool
    routed_logs: bool
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., sequence: _Optional[int] = ..., place: _Optional[_Union[Place, _Mapping]] = ..., identity: _Optional[_Union[Identity, _Mapping]] = ..., port: _Optional[int] = ..., task_definition_arn: _Optional[str] = ..., target_group_arn: _Optional[str] = ..., autoscaled: bool = ..., image: _Optional[str] = ..., container: _Optional[str] = ..., log_group: _Optional[str] = ..., profile_revision: _Optional[str] = ..., profile_digest: _Optional[str] = ..., protected: bool = ..., source_path: _Optional[str] = ..., exec_enabled: bool = ..., routed_logs: bool = ...) -> None: ...

class Release(_message.Message):
    __slots__ = ("url", "place", "identity", "deployment_id", "deployment_name", "target_group_arn", "rule_arn")
    URL_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_NAME_FIELD_NUMBER: _ClassVar[int]
    TARGET_GROUP_ARN_FIELD_NUMBER: _ClassVar[int]
    RULE_ARN_FIELD_NUMBER: _ClassVar[int]
    url: str
    place: Place
    identity: Identity
    deployment_id: str
    deployment_name: str
    target_group_arn: str
    rule_arn: str
    def __init__(self, url: _Optional[str] = ..., place: _Optional[_Union[Place, _Mapping]] = ..., identity: _Optional[_Union[Identity, _Mapping]] = ..., deployment_id: _Optional[str] = ..., deployment_name: _Optional[str] = ..., target_group_arn: _Optional[str] = ..., rule_arn: _Optional[str] = ...) -> None: ...

class Task(_message.Message):
    __slots__ = ("name", "place", "task_arn", "task_definition_arn", "secret_arn", "log_group", "startup_seconds")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    TASK_ARN_FIELD_NUMBER: _ClassVar[int]
    TASK_DEFINITION_ARN_FIELD_NUMBER: _ClassVar[int]
    SECRET_ARN_FIELD_NUMBER: _ClassVar[int]
    LOG_GROUP_FIELD_NUMBER: _ClassVar[int]
    STARTUP_SECONDS_FIELD_NUMBER: _ClassVar[int]
    name: str
    place: Place
    task_arn: str
    task_definition_arn: str
    secret_arn: str
    log_group: str
    startup_seconds: int
    def __init__(self, name: _Optional[str] = ..., place: _Optional[_Union[Place, _Mapping]] = ..., task_arn: _Optional[str] = ..., task_definition_arn: _Optional[str] = ..., secret_arn: _Optional[str] = ..., log_group: _Optional[str] = ..., startup_seconds: _Optional[int] = ...) -> None: ...
