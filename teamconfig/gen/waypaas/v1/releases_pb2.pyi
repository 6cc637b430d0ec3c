from teamconfig.gen.waypaas.v1 import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ReleaseDraft(_message.Message):
    __slots__ = ("target", "digest", "image", "profile_revision", "profile_hash", "app_file_hash", "deployment", "url", "evidence", "parent", "kind")
    TARGET_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    PROFILE_REVISION_FIELD_NUMBER: _ClassVar[int]
    PROFILE_HASH_FIELD_NUMBER: _ClassVar[int]
    APP_FILE_HASH_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    PARENT_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    target: _common_pb2.Target
    digest: str
    image: str
    profile_revision: str
    profile_hash: str
    app_file_hash: str
    deployment: str
    url: str
    evidence: _containers.RepeatedScalarFieldContainer[str]
    parent: str
    kind: str
    def __init__(self, target: _Optional[_Union[_common_pb2.Target, _Mapping]] = ..., digest: _Optional[str] = ..., image: _Optional[str] = ..., profile_revision: _Optional[str] = ..., profile_hash: _Optional[str] = ..., app_file_hash: _Optional[str] = ..., deployment: _Optional[str] = ..., url: _Optional[str] = ..., evidence: _Optional[_Iterable[str]] = ..., parent: _Optional[str] = ..., kind: _Optional[str] = ...) -> None: ...

class ReleaseRecord(_message.Message):
    __slots__ = ("envelope",)
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    envelope: str
    def __init__(self, envelope: _Optional[str] = ...) -> None: ...

class PutRecordRequest(_message.Message):
    __slots__ = ("draft", "key")
    DRAFT_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    draft: ReleaseDraft
    key: str
    def __init__(self, draft: _Optional[_Union[ReleaseDraft, _Mapping]] = ..., key: _Optional[str] = ...) -> None: ...

class ListRecordsRequest(_message.Message):
    __slots__ = ("target", "limit")
    TARGET_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    target: _common_pb2.Target
    limit: int
    def __init__(self, target: _Optional[_Union[_common_pb2.Target, _Mapping]] = ..., limit: _Optional[int] = ...) -> None: ...

class ListRecordsReply(_message.Message):
    __slots__ = ("records",)
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    records: _containers.RepeatedCompositeFieldContainer[ReleaseRecord]
    def __init__(self, records: _Optional[_Iterable[_Union[ReleaseRecord, _Mapping]]] = ...) -> None: ...

class GetRecordRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetChainRequest(_message.Message):
    __slots__ = ("project", "app", "limit", "after")
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    APP_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    project: str
    app: str
    limit: int
    after: str
    def __init__(self, project: _Optional[str] = ..., app: _Optional[str] = ..., limit: _Optional[int] = ..., after: _Optional[str] = ...) -> None: ...

class ReleaseChain(_message.Message):
    __slots__ = ("records", "evidence", "head", "next")
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    HEAD_FIELD_NUMBER: _ClassVar[int]
    NEXT_FIELD_NUMBER: _ClassVar[int]
    records: _containers.RepeatedCompositeFieldContainer[ReleaseRecord]
    evidence: _containers.RepeatedCompositeFieldContainer[ReleaseEvidence]
    head: str
    next: str
    def __init__(self, records: _Optional[_Iterable[_Union[ReleaseRecord, _Mapping]]] = ..., evidence: _Optional[_Iterable[_Union[ReleaseEvidence, _Mapping]]] = ..., head: _Optional[str] = ..., next: _Optional[str] = ...) -> None: ...

class ListRunningRequest(_message.Message):
    __slots__ = ("digest", "project")
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    digest: str
    project: str
    def __init__(self, digest: _Optional[str] = ..., project: _Optional[str] = ...) -> None: ...

class PutEvidenceRequest(_message.Message):
    __slots__ = ("target", "finding")
    TARGET_FIELD_NUMBER: _ClassVar[int]
    FINDING_FIELD_NUMBER: _ClassVar[int]
    target: _common_pb2.Target
    finding: str
    def __init__(self, target: _Optional[_Union[_common_pb2.Target, _Mapping]] = ..., finding: _Optional[str] = ...) -> None: ...

class ReleaseEvidence(_message.Message):
    __slots__ = ("id", "content")
    ID_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    id: str
    content: str
    def __init__(self, id: _Optional[str] = ..., content: _Optional[str] = ...) -> None: ...

class ListEvidenceRequest(_message.Message):
    __slots__ = ("project", "app", "digest", "environment")
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    APP_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    ENVIRONMENT_FIELD_NUMBER: _ClassVar[int]
    project: str
    app: str
    digest: str
    environment: str
    def __init__(self, project: _Optional[str] = ..., app: _Optional[str] = ..., digest: _Optional[str] = ..., environment: _Optional[str] = ...) -> None: ...

class ListEvidenceReply(_message.Message):
    __slots__ = ("evidence",)
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    evidence: _containers.RepeatedCompositeFieldContainer[ReleaseEvidence]
    def __init__(self, evidence: _Optional[_Iterable[_Union[ReleaseEvidence, _Mapping]]] = ...) -> None: ...

class Rejection(_message.Message):
    __slots__ = ("digest", "project", "reason", "by", "by_name", "at")
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    BY_NAME_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    digest: str
    project: str
    reason: str
    by: str
    by_name: str
    at: int
    def __init__(self, digest: _Optional[str] = ..., project: _Optional[str] = ..., reason: _Optional[str] = ..., by: _Optional[str] = ..., by_name: _Optional[str] = ..., at: _Optional[int] = ...) -> None: ...

class RejectRequest(_message.Message):
    __slots__ = ("digest", "project", "reason")
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    digest: str
    project: str
    reason: str
    def __init__(self, digest: _Optional[str] = ..., project: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class UnrejectRequest(_message.Message):
    __slots__ = ("digest", "project")
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    digest: str
    project: str
    def __init__(self, digest: _Optional[str] = ..., project: _Optional[str] = ...) -> None: ...

class UnrejectReply(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListRejectionsRequest(_message.Message):
    __slots__ = ("project", "digest")
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    project: str
    digest: str
    def __init__(self, project: _Optional[str] = ..., digest: _Optional[str] = ...) -> None: ...

class ListRejectionsReply(_message.Message):
    __slots__ = ("rejections",)
    REJECTIONS_FIELD_NUMBER: _ClassVar[int]
    rejections: _containers.RepeatedCompositeFieldContainer[Rejection]
    def __init__(self, rejections: _Optional[_Iterable[_Union[Rejection, _Mapping]]] = ...) -> None: ...

class Hold(_message.Message):
    __slots__ = ("target", "digest", "reason", "by", "by_name", "at")
    TARGET_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    BY_NAME_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    target: _common_pb2.Target
    digest: str
    reason: str
    by: str
    by_name: str
    at: int
    def __init__(self, target: _Optional[_Union[_common_pb2.Target, _Mapping]] = ..., digest: _Optional[str] = ..., reason: _Optional[str] = ..., by: _Optional[str] = ..., by_name: _Optional[str] = ..., at: _Optional[int] = ...) -> None: ...

class PutHoldRequest(_message.Message):
    __slots__ = ("target", "digest", "reason")
    TARGET_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    target: _common_pb2.Target
    digest: str
    reason: str
    def __init__(self, target: _Optional[_Union[_common_pb2.Target, _Mapping]] = ..., digest: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class LiftHoldRequest(_message.Message):
    __slots__ = ("target",)
    TARGET_FIELD_NUMBER: _ClassVar[int]
    target: _common_pb2.Target
    def __init__(self, target: _Optional[_Union[_common_pb2.Target, _Mapping]] = ...) -> None: ...

class LiftHoldReply(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Waiver(_message.Message):
    __slots__ = ("id", "target", "digest", "waives", "reason", "expires", "made_by", "made_by_name", "made_at")
    ID_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    WAIVES_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_FIELD_NUMBER: _ClassVar[int]
    MADE_BY_FIELD_NUMBER: _ClassVar[int]
    MADE_BY_NAME_FIELD_NUMBER: _ClassVar[int]
    MADE_AT_FIELD_NUMBER: _ClassVar[int]
    id: str
    target: _common_pb2.Target
    digest: str
    waives: _containers.RepeatedScalarFieldContainer[str]
    reason: str
    expires: int
    made_by: str
    made_by_name: str
    made_at: int
    def __init__(self, id: _Optional[str] = ..., target: _Optional[_Union[_common_pb2.Target, _Mapping]] = ..., digest: _Optional[str] = ..., waives: _Optional[_Iterable[str]] = ..., reason: _Optional[str] = ..., expires: _Optional[int] = ..., made_by: _Optional[str] = ..., made_by_name: _Optional[str] = ..., made_at: _Optional[int] = ...) -> None: ...

class WaiveRequest(_message.Message):
    __slots__ = ("target", "digest", "waives", "reason", "seconds")
    TARGET_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    WAIVES_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    target: _common_pb2.Target
    digest: str
    waives: _containers.RepeatedScalarFieldContainer[str]
    reason: str
    seconds: int
    def __init__(self, target: _Optional[_Union[_common_pb2.Target, _Mapping]] = ..., digest: _Optional[str] = ..., waives: _Optional[_Iterable[str]] = ..., reason: _Optional[str] = ..., seconds: _Optional[int] = ...) -> None: ...

class ListWaiversRequest(_message.Message):
    __slots__ = ("target", "digest")
    TARGET_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    target: _common_pb2.Target
    digest: str
    def __init__(self, target: _Optional[_Union[_common_pb2.Target, _Mapping]] = ..., digest: _Optional[str] = ...) -> None: ...

class ListWaiversReply(_message.Message):
    __slots__ = ("waivers",)
    WAIVERS_FIELD_NUMBER: _ClassVar[int]
    waivers: _containers.RepeatedCompositeFieldContainer[Waiver]
    def __init__(self, waivers: _Optional[_Iterable[_Union[Waiver, _Mapping]]] = ...) -> None: ...

class GetPlaceRequest(_message.Message):
    __slots__ = ("target",)
    TARGET_FIELD_NUMBER: _ClassVar[int]
    target: _common_pb2.Target
    def __init__(self, target: _Optional[_Union[_common_pb2.Target, _Mapping]] = ...) -> None: ...

class Place(_message.Message):
    __slots__ = ("hold", "promotion")
    HOLD_FIELD_NUMBER: _ClassVar[int]
    PROMOTION_FIELD_NUMBER: _ClassVar[int]
    hold: Hold
    promotion: Promotion
    def __init__(self, hold: _Optional[_Union[Hold, _Mapping]] = ..., promotion: _Optional[_Union[Promotion, _Mapping]] = ...) -> None: ...

class PromotionStep(_message.Message):
    __slots__ = ("name", "result", "at")
    NAME_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    name: str
    result: str
    at: int
    def __init__(self, name: _Optional[str] = ..., result: _Optional[str] = ..., at: _Optional[int] = ...) -> None: ...

class Promotion(_message.Message):
    __slots__ = ("id", "target", "digest", "kind", "parent", "owner", "by", "by_name", "begun", "expires", "steps", "record", "ended")
    ID_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    PARENT_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    BY_NAME_FIELD_NUMBER: _ClassVar[int]
    BEGUN_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    RECORD_FIELD_NUMBER: _ClassVar[int]
    ENDED_FIELD_NUMBER: _ClassVar[int]
    id: str
    target: _common_pb2.Target
    digest: str
    kind: str
    parent: str
    owner: str
    by: str
    by_name: str
    begun: int
    expires: int
    steps: _containers.RepeatedCompositeFieldContainer[PromotionStep]
    record: str
    ended: str
    def __init__(self, id: _Optional[str] = ..., target: _Optional[_Union[_common_pb2.Target, _Mapping]] = ..., digest: _Optional[str] = ..., kind: _Optional[str] = ..., parent: _Optional[str] = ..., owner: _Optional[str] = ..., by: _Optional[str] = ..., by_name: _Optional[str] = ..., begun: _Optional[int] = ..., expires: _Optional[int] = ..., steps: _Optional[_Iterable[_Union[PromotionStep, _Mapping]]] = ..., record: _Optional[str] = ..., ended: _Optional[str] = ...) -> None: ...

class BeginPromotionRequest(_message.Message):
    __slots__ = ("target", "digest", "kind", "parent", "owner", "seconds", "instead_of")
    TARGET_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    PARENT_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    INSTEAD_OF_FIELD_NUMBER: _ClassVar[int]
    target: _common_pb2.Target
    digest: str
    kind: str
    parent: str
    owner: str
    seconds: int
    instead_of: str
    def __init__(self, target: _Optional[_Union[_common_pb2.Target, _Mapping]] = ..., digest: _Optional[str] = ..., kind: _Optional[str] = ..., parent: _Optional[str] = ..., owner: _Optional[str] = ..., seconds: _Optional[int] = ..., instead_of: _Optional[str] = ...) -> None: ...

class StepPromotionRequest(_message.Message):
    __slots__ = ("id", "owner", "name", "result")
    ID_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    id: str
    owner: str
    name: str
    result: str
    def __init__(self, id: _Optional[str] = ..., owner: _Optional[str] = ..., name: _Optional[str] = ..., result: _Optional[str] = ...) -> None: ...

class FinishPromotionRequest(_message.Message):
    __slots__ = ("id", "owner", "draft")
    ID_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    DRAFT_FIELD_NUMBER: _ClassVar[int]
    id: str
    owner: str
    draft: ReleaseDraft
    def __init__(self, id: _Optional[str] = ..., owner: _Optional[str] = ..., draft: _Optional[_Union[ReleaseDraft, _Mapping]] = ...) -> None: ...

class AbandonPromotionRequest(_message.Message):
    __slots__ = ("id", "owner", "reason")
    ID_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    id: str
    owner: str
    reason: str
    def __init__(self, id: _Optional[str] = ..., owner: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class AbandonPromotionReply(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
