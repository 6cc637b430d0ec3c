from teamconfig.gen.waypaas.v1 import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RequestGrantRequest(_message.Message):
    __slots__ = ("target", "action", "digest", "plan_hash", "idempotency_key", "stanzas")
    TARGET_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    PLAN_HASH_FIELD_NUMBER: _ClassVar[int]
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    STANZAS_FIELD_NUMBER: _ClassVar[int]
    target: _common_pb2.Target
    action: str
    digest: str
    plan_hash: str
    idempotency_key: str
    stanzas: bytes
    def __init__(self, target: _Optional[_Union[_common_pb2.Target, _Mapping]] = ..., action: _Optional[str] = ..., digest: _Optional[str] = ..., plan_hash: _Optional[str] = ..., idempotency_key: _Optional[str] = ..., stanzas: _Optional[bytes] = ...) -> None: ...

class Grant(_message.Message):
    __slots__ = ("id", "state", "token", "expires", "approvers", "approvals_wanted", "target", "action", "digest", "requester")
    ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_FIELD_NUMBER: _ClassVar[int]
    APPROVERS_FIELD_NUMBER: _ClassVar[int]
    APPROVALS_WANTED_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    REQUESTER_FIELD_NUMBER: _ClassVar[int]
    id: str
    state: str
    token: str
    expires: int
    approvers: _containers.RepeatedCompositeFieldContainer[_common_pb2.Principal]
    approvals_wanted: int
    target: _common_pb2.Target
    action: str
    digest: str
    requester: _common_pb2.Principal
    def __init__(self, id: _Optional[str] = ..., state: _Optional[str] = ..., token: _Optional[str] = ..., expires: _Optional[int] = ..., approvers: _Optional[_Iterable[_Union[_common_pb2.Principal, _Mapping]]] = ..., approvals_wanted: _Optional[int] = ..., target: _Optional[_Union[_common_pb2.Target, _Mapping]] = ..., action: _Optional[str] = ..., digest: _Optional[str] = ..., requester: _Optional[_Union[_common_pb2.Principal, _Mapping]] = ...) -> None: ...

class ApproveGrantRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetGrantRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class RedeemGrantRequest(_message.Message):
    __slots__ = ("token", "digest", "plan_hash", "platform", "stanzas", "device_key")
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    PLAN_HASH_FIELD_NUMBER: _ClassVar[int]
    PLATFORM_FIELD_NUMBER: _ClassVar[int]
    STANZAS_FIELD_NUMBER: _ClassVar[int]
    DEVICE_KEY_FIELD_NUMBER: _ClassVar[int]
    token: str
    digest: str
    plan_hash: str
    platform: str
    stanzas: bytes
    device_key: bytes
    def __init__(self, token: _Optional[str] = ..., digest: _Optional[str] = ..., plan_hash: _Optional[str] = ..., platform: _Optional[str] = ..., stanzas: _Optional[bytes] = ..., device_key: _Optional[bytes] = ...) -> None: ...

class IssueCredentialsRequest(_message.Message):
    __slots__ = ("target", "action", "platform", "stanzas", "digest", "grant")
    TARGET_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    PLATFORM_FIELD_NUMBER: _ClassVar[int]
    STANZAS_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    GRANT_FIELD_NUMBER: _ClassVar[int]
    target: _common_pb2.Target
    action: str
    platform: str
    stanzas: bytes
    digest: str
    grant: str
    def __init__(self, target: _Optional[_Union[_common_pb2.Target, _Mapping]] = ..., action: _Optional[str] = ..., platform: _Optional[str] = ..., stanzas: _Optional[bytes] = ..., digest: _Optional[str] = ..., grant: _Optional[str] = ...) -> None: ...

class Credentials(_message.Message):
    __slots__ = ("lease_id", "expires", "kubernetes", "aws")
    LEASE_ID_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_FIELD_NUMBER: _ClassVar[int]
    KUBERNETES_FIELD_NUMBER: _ClassVar[int]
    AWS_FIELD_NUMBER: _ClassVar[int]
    lease_id: str
    expires: int
    kubernetes: KubernetesCredentials
    aws: AwsCredentials
    def __init__(self, lease_id: _Optional[str] = ..., expires: _Optional[int] = ..., kubernetes: _Optional[_Union[KubernetesCredentials, _Mapping]] = ..., aws: _Optional[_Union[AwsCredentials, _Mapping]] = ...) -> None: ...

class KubernetesCredentials(_message.Message):
    __slots__ = ("server", "certificate_authority", "token", "namespace", "cluster")
    SERVER_FIELD_NUMBER: _ClassVar[int]
    CERTIFICATE_AUTHORITY_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    CLUSTER_FIELD_NUMBER: _ClassVar[int]
    server: str
    certificate_authority: str
    token: str
    namespace: str
    cluster: str
    def __init__(self, server: _Optional[str] = ..., certificate_authority: _Optional[str] = ..., token: _Optional[str] = ..., namespace: _Optional[str] = ..., cluster: _Optional[str] = ...) -> None: ...

class AwsCredentials(_message.Message):
    __slots__ = ("access_key_id", "secret_access_key", "session_token", "region")
    ACCESS_KEY_ID_FIELD_NUMBER: _ClassVar[int]
    SECRET_ACCESS_KEY_FIELD_NUMBER: _ClassVar[int]
    SESSION_TOKEN_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    access_key_id: str
    secret_access_key: str
    session_token: str
    region: str
    def __init__(self, access_key_id: _Optional[str] = ..., secret_access_key: _Optional[str] = ..., session_token: _Optional[str] = ..., region: _Optional[str] = ...) -> None: ...

class CloseLeaseRequest(_message.Message):
    __slots__ = ("lease_id", "outcome")
    LEASE_ID_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    lease_id: str
    outcome: str
    def __init__(self, lease_id: _Optional[str] = ..., outcome: _Optional[str] = ...) -> None: ...

class CloseLeaseReply(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PutLockRequest(_message.Message):
    __slots__ = ("kind", "subject", "reason", "until")
    KIND_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    kind: str
    subject: str
    reason: str
    until: int
    def __init__(self, kind: _Optional[str] = ..., subject: _Optional[str] = ..., reason: _Optional[str] = ..., until: _Optional[int] = ...) -> None: ...

class Lock(_message.Message):
    __slots__ = ("kind", "subject", "reason", "until", "by")
    KIND_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    kind: str
    subject: str
    reason: str
    until: int
    by: _common_pb2.Principal
    def __init__(self, kind: _Optional[str] = ..., subject: _Optional[str] = ..., reason: _Optional[str] = ..., until: _Optional[int] = ..., by: _Optional[_Union[_common_pb2.Principal, _Mapping]] = ...) -> None: ...

class RemoveLockRequest(_message.Message):
    __slots__ = ("kind", "subject")
    KIND_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    kind: str
    subject: str
    def __init__(self, kind: _Optional[str] = ..., subject: _Optional[str] = ...) -> None: ...

class RemoveLockReply(_message.Message):
    __slots__ = ("removed",)
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    removed: bool
    def __init__(self, removed: bool = ...) -> None: ...

class ListLocksRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListLocksReply(_message.Message):
    __slots__ = ("locks",)
    LOCKS_FIELD_NUMBER: _ClassVar[int]
    locks: _containers.RepeatedCompositeFieldContainer[Lock]
    def __init__(self, locks: _Optional[_Iterable[_Union[Lock, _Mapping]]] = ...) -> None: ...
