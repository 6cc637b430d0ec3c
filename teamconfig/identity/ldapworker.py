"""The LDAP worker's process: reads requests from stdin, asks the directory, writes answers to stdout.

LDAP libraries hang on servers that say nothing, or little: what hangs here is
killed by the parent at its deadline, or by the process's own alarm if the parent
is gone. Owns the loop; `ldapreading` owns what is asked.

    python -m teamconfig.identity.ldapworker
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from teamconfig.identity import ldapframes
from teamconfig.identity.ldapframes import LdapFailure

GRACE_SECONDS = 1.0
"""By which the alarm lets the parent be first."""


def main() -> int:
    """Serve until stdin ends.

    Returns:
        The exit code.
    """
    # Whatever a library prints must not come between the frames.
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    try:
        worker = _Worker()
    except ImportError as err:
        answers.write(ldapframes.encode({"failure": "no_library", "detail": str(err.name)}))
        return 1
    answers.write(ldapframes.encode({"ready": True}))
    while (request := _read()) is not None:
        signal.setitimer(signal.ITIMER_REAL, float(request.pop("seconds", 0.0)) + GRACE_SECONDS)
        answers.write(ldapframes.encode(worker.answer(request)))
        signal.setitimer(signal.ITIMER_REAL, 0.0)
    return 0


class _Worker:
    """Answers requests; keeps the connection and what the server is between them."""

    def __init__(self) -> None:
        from teamconfig.identity import ldapreading, ldapsession  # noqa: PLC0415  # its failure is an answer

        self._reading = ldapreading
        self._sessions = ldapsession
        self._session: ldapsession.Session | None = None
        self._reader: ldapreading.Reader | None = None

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer one request.

        Args:
            request: Word, and what it needs.

        Returns:
            What the directory says, or the failure.
        """
        try:
            return {"answer": self._answer(request)}
        except LdapFailure as err:
            return {"failure": err.reason, "detail": err.detail}
        except Exception as err:  # noqa: BLE001  # the loop outlives anything; names and passwords stay out of the answer
            if self._session is not None:
                self._session.drop()
            return {"failure": "fault", "detail": type(err).__name__}

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        word = request["word"]
        if word == "settings":
            self._session = self._sessions.Session(self._sessions.Settings(**request["settings"]))
            return {}
        if self._session is None:
            raise LdapFailure("fault", "no settings")
        if self._reader is None or word == "probe":
            self._reader = self._reading.Reader(self._session)
        if word == "probe":
            return dict(self._reader.probed)
        if word == "sign_in":
            return self._reader.sign_in(request["user"], request["password"])
        if word == "membership":
            return self._reader.membership(request["subject"])
        if word == "linked":
            return self._reader.linked(request["link"])
        raise LdapFailure("fault", "unknown word")


def _read() -> dict[str, Any] | None:
    head = _exactly(ldapframes.HEAD_BYTES)
    if head is None:
        return None
    data = _exactly(ldapframes.length(head))
    return None if data is None else ldapframes.decode(data)


def _exactly(size: int) -> bytes | None:
    data = b""
    while len(data) < size:
        part = os.read(0, size - len(data))
        if not part:
            return None
        data += part
    return data


if __name__ == "__main__":
    sys.exit(main())
