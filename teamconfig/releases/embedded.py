"""The ledger of one user without a service: an SQLite file in the user's state directory, signed by a key beside it.

Advisory: who can write the file can delete it, and the key is the user's own.
It says what this machine released, it holds nobody to anything. The rules are
the same as a service's.
"""

from __future__ import annotations

import contextlib
import getpass
import hashlib
import os
import sqlite3
import time
from typing import TYPE_CHECKING, Any

from teamconfig import errors
from teamconfig.client.vault import state_directory
from teamconfig.releases import chain as chains
from teamconfig.releases import evidence as evidences
from teamconfig.releases import guarding, promoting, recording, statement
from teamconfig.releases.against import EVERYWHERE
from teamconfig.releases.guarding import By
from teamconfig.releases.promotion import LEASE_SECONDS
from teamconfig.releases.store import TABLES, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from teamconfig.releases.against import Hold, Rejection
    from teamconfig.releases.chain import Chain
    from teamconfig.releases.evidence import Evidence, Finding
    from teamconfig.releases.promotion import Promotion, Wanted
    from teamconfig.releases.record import Draft, Record, Waivable, Waiver

_WAIT_SECONDS = 10.0
_KEY_BYTES = 32


def directory(base: Path, environ: Mapping[str, str]) -> Path:
    """Name the directory of the ledger of a project.

    Args:
        base: Directory that names the standards, or of the app: each has a ledger of its own.
        environ: The process's environment.

    Returns:
        A directory below the user's state directory.
    """
    name = hashlib.sha256(str(base.resolve()).encode()).hexdigest()[:24]
    return state_directory(environ) / "releases" / name


class EmbeddedLedger:
    """Keeps records in a file; see `teamconfig.releases.ledger.Ledger` for each method.

    Args:
        folder: Its directory; made 0700 if it is not there.
        clock: Tells seconds since 1970.

    Raises:
        StandardsError: The file or the key cannot be used (kind state).
    """

    advisory = True

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._folder, self._clock = folder, clock
        self._path = folder / "releases.db"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._key = _signing_key(folder / "signing.key")
            self._database = sqlite3.connect(self._path, timeout=_WAIT_SECONDS, isolation_level=None)
            self._path.chmod(0o600)
            self._database.execute("PRAGMA journal_mode = WAL").fetchall()
            self._database.execute("PRAGMA synchronous = FULL")
            self._database.executescript(TABLES)
            if "maker" not in {row[1] for row in self._database.execute("PRAGMA table_info(release_evidence)")}:
                with contextlib.suppress(sqlite3.OperationalError):  # another process has added it meanwhile
                    self._database.execute("ALTER TABLE release_evidence ADD COLUMN maker TEXT NOT NULL DEFAULT ''")
        except (OSError, sqlite3.Error) as err:
            raise self._unusable(err) from err
        public = self._key.public_key().public_bytes_raw()
        self._keys = {statement.key_id(public): public}

    @property
    def about(self) -> str:
        """One line for people."""
        return f"releases are recorded in {self._path}: advisory, as no team config service is used"

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def keys(self) -> Mapping[str, bytes]:
        """Give the one key, this machine's."""
        return dict(self._keys)

    def record(self, draft: Draft, key: str = "") -> Record:
        """Keep a release."""
        with self._writing() as (store, by):
            return recording.record(store, draft, key, by, self._key)

    def latest(self, project: str, app: str, environment: str) -> Record | None:
        """Give the newest record of an environment."""
        with self._reading() as store:
            return store.newest(project, app, environment)

    def history(self, project: str, app: str, environment: str, limit: int = 20) -> tuple[Record, ...]:
        """List the records of an environment, newest first."""
        with self._reading() as store:
            return store.history(project, app, environment, limit)

    def get(self, record_id: str) -> Record:
        """Find a record."""
        with self._reading() as store:
            return recording.get(store, record_id)

    def chain(self, project: str, app: str) -> Chain:
        """Give everything that proves an app's releases."""
        with self._reading() as store:
            envelopes = store.envelopes(project, app)
            named = [name for record, _ in envelopes for name in record.evidence]
            found = store.evidence_by_id(project, app, named)
        return chains.link(project, app, envelopes, found, self._key, int(self._clock()))

    def put_evidence(self, finding: Finding) -> Evidence:
        """Keep what a test said."""
        evidences.check(finding, self._clock())
        with self._writing() as (store, by):
            made = evidences.keep(finding, made_by=by.key, made_by_name=by.name, made_at=by.now)
            store.add_evidence(made)
            return made

    def evidence(self, project: str, app: str, digest: str, environment: str = "") -> tuple[Evidence, ...]:
        """List evidence of an image, newest first."""
        with self._reading() as store:
            return store.evidence(project, app, digest, environment)

    def reject(self, digest: str, reason: str, project: str = EVERYWHERE) -> Rejection:
        """Refuse an image from now on."""
        with self._writing() as (store, by):
            return guarding.reject(store, digest, reason, project, by)

    def unreject(self, digest: str, project: str = EVERYWHERE) -> None:
        """Take a rejection back."""
        with self._writing() as (store, _):
            guarding.unreject(store, digest, project)

    def rejection(self, project: str, digest: str) -> Rejection | None:
        """Find what keeps an image from a project."""
        with self._reading() as store:
            return guarding.rejected(store, project, digest)

    def rejections(self, project: str = EVERYWHERE) -> tuple[Rejection, ...]:
        """List what is rejected, newest first."""
        with self._reading() as store:
            return tuple(store.rejections(project))

    def running(self, digest: str, project: str = EVERYWHERE) -> tuple[Record, ...]:
        """List environments whose newest record is of an image."""
        with self._reading() as store:
            return store.running(digest, project)

    def hold(self, project: str, app: str, environment: str, reason: str, digest: str = "") -> Hold:
        """Hold an environment."""
        with self._writing() as (store, by):
            return guarding.hold(store, project, app, environment, reason, digest, by)

    def lift(self, project: str, app: str, environment: str) -> None:
        """Lift a hold."""
        with self._writing() as (store, _):
            guarding.lift(store, project, app, environment)

    def held(self, project: str, app: str, environment: str) -> Hold | None:
        """Tell whether an environment is held."""
        with self._reading() as store:
            return store.hold(project, app, environment)

    def waive(
        self,
        project: str,
        app: str,
        environment: str,
        digest: str,
        waives: Sequence[Waivable],
        reason: str,
        seconds: int,
    ) -> Waiver:
        """Spare an image something: plans go by it, but the gate of tests and the record leave one's own out."""
        with self._writing() as (store, by):
            return guarding.waive(store, (project, app, environment), digest, waives, reason, seconds, by)

    def waivers(self, project: str, app: str, environment: str, digest: str) -> tuple[Waiver, ...]:
        """List waivers that count now."""
        with self._reading() as store:
            return store.waivers(project, app, environment, digest, self._clock())

    def begin(
        self, wanted: Wanted, owner: str, seconds: int = LEASE_SECONDS, instead_of: str = ""
    ) -> Promotion:  # fmt: skip
        """Claim an environment for a promotion."""
        with self._writing() as (store, by):
            return promoting.begin(store, wanted, owner, seconds, instead_of, by)

    def step(self, promotion_id: str, owner: str, name: str, result: str = "") -> Promotion:
        """Note that a step is done."""
        with self._writing() as (store, by):
            return promoting.step(store, promotion_id, owner, name, result, by)

    def finish(self, promotion_id: str, owner: str, draft: Draft) -> Record:
        """End a promotion by its record."""
        with self._writing() as (store, by):
            return promoting.finish(store, promotion_id, owner, draft, by, self._key)

    def abandon(self, promotion_id: str, owner: str, reason: str) -> None:
        """Give a promotion up."""
        del reason  # for the audit of a service
        with self._writing() as (store, by):
            promoting.abandon(store, promotion_id, owner, by)

    def promotion(self, project: str, app: str, environment: str) -> Promotion | None:
        """Give the promotion that runs in an environment."""
        with self._reading() as store:
            return store.open_promotion(project, app, environment)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[tuple[Store, By]]:
        """Be the only one who writes; what is refused is taken back."""
        name = _user()
        by = By(f"local|{name}", name, int(self._clock()))
        try:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield Store(self._execute, self._keys), by
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")
        except sqlite3.Error as err:
            raise self._unusable(err) from err

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Store]:
        try:
            yield Store(self._execute, self._keys)
        except sqlite3.Error as err:
            raise self._unusable(err) from err

    def _execute(self, text: str, values: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        return self._database.execute(text, values).fetchall()

    def _unusable(self, err: Exception) -> errors.StandardsError:
        why = getattr(err, "strerror", None) or str(err) or "the operating system refuses"
        return errors.state("the release records cannot be used", f"{self._path}: {why.lower()}",
                            "see to that, and run the command again", str(self._path))  # fmt: skip


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # in a container, whose user may have no name
        return str(os.getuid())


def _signing_key(path: Path) -> Ed25519PrivateKey:
    """Load the key, or make it; two processes that come at once get the same one."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415  # 60 ms

    if not path.exists():
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(Ed25519PrivateKey.generate().private_bytes_raw())
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)  # unlike a rename, it never replaces a key that is there
        draft.unlink()
    if path.stat().st_mode & 0o077:
        fix = f"chmod 600 {path}"
        raise errors.state(f"{path} is open to others", "it signs your release records", fix, str(path))
    content = path.read_bytes()
    if len(content) != _KEY_BYTES:
        raise errors.state(f"{path} is damaged", f"it is not {_KEY_BYTES} bytes", "restore it", str(path))
    return Ed25519PrivateKey.from_private_bytes(content)
