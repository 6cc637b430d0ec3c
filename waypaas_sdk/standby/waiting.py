"""The standby itself: wait for fronts, give each a plugin, and watch over the two.

It has one thread and no grpc server, so forking is safe; it reads nothing that fronts send,
so it keeps nothing of theirs. One plugin is forked ahead, as a fork takes its time. A plugin
whose front is gone is killed at once: its host would otherwise wait for the ends of the pipes
that the plugin holds. So is a brief one that has said its end.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import socket
import time
from typing import TYPE_CHECKING

from waypaas_sdk.standby import becoming, identity, place, talk

if TYPE_CHECKING:
    from collections.abc import Callable

IDLE_SECONDS = 30.0
"""How long a standby without work waits, if WAYPAAS_STANDBY_SECONDS does not say otherwise."""

LONGEST_SECONDS = 3600.0
BACKLOG = 16
AHEAD_SECONDS = 0.05
"""How long after the last event the next plugin is prepared: the present one has better use for the processor."""

DESCRIPTORS_KEPT = 3
MOST_DESCRIPTORS = 1 << 16
"""Closed where the kernel names no limit."""


def detach() -> Watch:
    """Leave whoever started us: its session, directory and descriptors. Call it first of all; may end the process.

    Returns:
        For `wait`.
    """
    if os.fork():
        os._exit(0)
    os.setsid()
    most = os.sysconf("SC_OPEN_MAX")
    os.closerange(DESCRIPTORS_KEPT, most if most > 0 else MOST_DESCRIPTORS)
    os.chdir("/")
    try:
        return Watch(_idle_seconds())
    except OSError:
        os._exit(1)


def wait(watch: Watch, ready: Callable[[], object], *, brief: bool) -> tuple[int, talk.Connection | None]:
    """Wait until there is nothing to wait for any more, then end.

    Args:
        watch: From `detach`.
        ready: What each plugin does before its front comes; it may start threads.
        brief: As of `standby.wait`.

    Returns:
        In each plugin that was forked: the process id of its host, and by which it says that it ends, if it is brief.
    """
    if watch.begin():
        gc.collect()
        gc.freeze()  # so that the plugins share the pages
        watch.run(brief=brief)
    if watch.forked is not None:
        host = becoming.become(watch.forked, watch.identity, ready)
        if brief:
            return host, watch.forked
        watch.forked.close()
        return host, None
    watch.end()
    os._exit(0)


def _idle_seconds() -> float:
    try:
        seconds = float(os.environ.get("WAYPAAS_STANDBY_SECONDS") or IDLE_SECONDS)
    except ValueError:
        return IDLE_SECONDS
    return min(max(seconds, 0.0), LONGEST_SECONDS) if seconds == seconds else IDLE_SECONDS  # noqa: PLR0124  # NaN


class _Plugin:
    """A forked plugin, and the socket of its front once there is one.

    Args:
        pid: Of the plugin.
        feed: By which it gets its front, and tells its end if it is brief.
    """

    def __init__(self, pid: int, feed: talk.Connection) -> None:
        self.pid = pid
        self.pidfd = os.pidfd_open(pid)
        self.feed = feed
        self.settled = False
        """Whether it was told to make its memory its own."""
        self.front: talk.Connection | None = None

    def close(self) -> None:
        """Let go of it."""
        self.feed.close()
        os.close(self.pidfd)
        if self.front is not None:
            self.front.close()


class Watch:
    """Waits on the socket, on the plugins, and on their fronts.

    Args:
        idle_seconds: Ends after so long without a plugin.

    Raises:
        OSError: There is no safe place for the socket, or there is a standby already.
    """

    def __init__(self, idle_seconds: float) -> None:
        self._began = time.time()
        program = identity.command()
        directory = place.opened(make=True)
        if program is None or directory is None:
            raise OSError("there can be no standby here")
        self.identity = identity.own(program)
        self.forked: talk.Connection | None = None
        self._idle_seconds = idle_seconds
        self._directory = directory
        self._name = identity.name_of(self.identity)
        lock = place.locked(directory, self._name)
        if lock is None:
            raise OSError("there is a standby already")
        self._lock = lock
        self._loaded: identity.Loaded
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._retired = False
        self._poll = select.poll()
        self._by_pidfd: dict[int, _Plugin] = {}
        self._by_front: dict[int, _Plugin] = {}
        self._spare: _Plugin | None = None
        self._by_feed: dict[int, _Plugin] = {}
        self._brief = False

    def begin(self) -> bool:
        """Listen, now that all is loaded, if we are fit to fork.

        Returns:
            Whether we listen.
        """
        os.umask(0o077)  # only now: what was compiled while we loaded is for others, too
        self._loaded = identity.Loaded()
        self._poll.register(self._listener.fileno(), select.POLLIN)
        if len(os.listdir("/proc/self/task")) != 1 or self._loaded.newest() >= self._began:
            return False  # a fork loses the other threads; a file was written while we loaded
        place.forget(self._directory, self._name)  # left by one that was killed: the lock is ours
        try:
            self._listener.bind(place.address(self._directory, self._name))
            self._listener.listen(BACKLOG)
        except OSError:
            return False
        return True

    def run(self, *, brief: bool) -> None:
        """Serve fronts until idle, or until what we have loaded is out of date; or return in a forked plugin.

        Args:
            brief: As of `standby.wait`.
        """
        self._brief = brief
        last = time.monotonic()
        while not self._retired or self._by_pidfd:
            ready = [descriptor for descriptor, _ in self._poll.poll(self._patience_ms(last))]
            for descriptor in ready:
                self._attend(descriptor)
            if self._listener.fileno() in ready:  # last, since what it opens may get a number that was just closed
                self._accept()
            elif not ready and self._has_to_prepare:
                self._prepare()
            elif not ready and not self._by_front:
                return
            if self.forked is not None:
                return
            if ready:
                last = time.monotonic()

    def _patience_ms(self, last: float) -> float | None:
        if self._has_to_prepare:
            return AHEAD_SECONDS * 1000
        if self._by_front or self._retired:
            return None
        return max(0.0, last + self._idle_seconds - time.monotonic()) * 1000

    def _attend(self, descriptor: int) -> None:
        """See to a front that is gone, or to a plugin that ends."""
        if descriptor in self._by_front:
            self._kill(self._by_front[descriptor])
        elif descriptor in self._by_pidfd:
            self._finish(self._by_pidfd[descriptor])
        elif descriptor in self._by_feed:
            self._hear(self._by_feed[descriptor])

    def _accept(self) -> None:
        """Give a front its plugin."""
        try:
            connection, _ = self._listener.accept()
        except OSError:
            self._retire()  # there are no descriptors left, and no use in trying again at once
            return
        if not self._is_served(connection) and self.forked is None:
            connection.close()  # the front starts plainly
            self._retire_if_left()

    def _is_served(self, connection: talk.Connection) -> bool:
        if not identity.is_peer(connection):
            return False
        if not self._loaded.unchanged():
            self._retire()
            return False
        if self._spare is None:
            self._fork()
        if self._spare is None:
            return False
        plugin, self._spare = self._spare, None
        try:
            talk.send(plugin.feed, b"", [connection.fileno()])
        except OSError:
            return False  # it has ended, which we shall hear of
        plugin.front = connection
        self._by_front[connection.fileno()] = plugin
        self._poll.register(connection.fileno(), select.POLLRDHUP)
        if self._brief:
            self._by_feed[plugin.feed.fileno()] = plugin
            self._poll.register(plugin.feed.fileno(), select.POLLIN)
        return True

    def _fork(self) -> None:
        """Fork the next plugin; in it, `forked` is where it gets its front."""
        ours, theirs = socket.socketpair()
        try:
            pid = os.fork()
        except OSError:
            self._retire()
            return
        if not pid:
            self._forget_all()
            ours.close()
            self.forked = theirs
            return
        theirs.close()
        self._spare = _Plugin(pid, ours)
        self._by_pidfd[self._spare.pidfd] = self._spare
        self._poll.register(self._spare.pidfd, select.POLLIN)

    @property
    def _has_to_prepare(self) -> bool:
        """Whether there is something to do for the next plugin."""
        return not self._retired and (self._spare is None or self._may_settle(self._spare))

    def _may_settle(self, plugin: _Plugin) -> bool:
        """Tell whether the next plugin has its memory still to copy, and nothing else wants the processor."""
        return self._brief and not plugin.settled and not self._by_front

    def _prepare(self) -> None:
        """Fork the next plugin, and let it make its memory its own."""
        if self._spare is None:
            self._fork()
        if self._spare is None or not self._may_settle(self._spare):
            return  # forked, in that plugin, too
        self._spare.settled = True
        try:
            talk.send(self._spare.feed, talk.SETTLE)
        except OSError:
            return  # it has ended, which we shall hear of

    def _forget_all(self) -> None:
        """Close what is the standby's, in a forked plugin."""
        self._listener.close()
        os.close(self._directory)
        os.close(self._lock)
        for plugin in self._by_pidfd.values():
            plugin.close()

    def _kill(self, plugin: _Plugin) -> None:
        """End a plugin whose front is gone."""
        if plugin.front is not None:
            self._poll.unregister(plugin.front.fileno())
            del self._by_front[plugin.front.fileno()]
        os.kill(plugin.pid, signal.SIGKILL)  # it is our child and not waited for yet, so the number is its
        self._retire_if_left()

    def _retire_if_left(self) -> None:
        if not place.has(self._directory, self._name):
            self._retire()  # a front that waited too long for us has seen to it that no other does

    def _finish(self, plugin: _Plugin) -> None:
        """Tell a front how its plugin has ended."""
        _, status = os.waitpid(plugin.pid, 0)
        del self._by_pidfd[plugin.pidfd]
        self._poll.unregister(plugin.pidfd)
        if plugin is self._spare:
            self._spare = None
            self._retire()  # one that ends by itself; the next would too
        self._deafen(plugin)
        self._tell(plugin, status)
        plugin.close()

    def _hear(self, plugin: _Plugin) -> None:
        """Pass on what a brief plugin says of its end, before the kernel does."""
        self._deafen(plugin)
        try:
            plugin.feed.settimeout(0.0)
            status = talk.receive_number(plugin.feed, talk.ENDED)
        except OSError:
            return  # it has ended without a word, which we shall hear of
        self._tell(plugin, status)
        os.kill(plugin.pid, signal.SIGKILL)  # whatever holds it up now, nobody else is left who could

    def _deafen(self, plugin: _Plugin) -> None:
        if self._by_feed.pop(plugin.feed.fileno(), None) is not None:
            self._poll.unregister(plugin.feed.fileno())

    def _tell(self, plugin: _Plugin, status: int) -> None:
        """Tell a front, if it does not know it yet, how its plugin has ended."""
        front = plugin.front
        if front is None or self._by_front.pop(front.fileno(), None) is None:
            return
        self._poll.unregister(front.fileno())
        try:
            front.settimeout(0.0)
            talk.send_number(front, talk.ENDED, status)
        except OSError:
            return  # it is gone already

    def _retire(self) -> None:
        """Make room for another standby; the plugins that run are still watched."""
        if self._retired:
            return
        self._retired = True
        self._poll.unregister(self._listener.fileno())
        place.forget(self._directory, self._name)
        self._listener.close()
        place.forget(self._directory, self._name + place.LOCK)
        os.close(self._lock)
        if self._spare is not None:
            self._spare.feed.close()  # at which it ends
            self._spare = None

    def end(self) -> None:
        """Leave nothing behind."""
        self._retire()
        for plugin in self._by_pidfd.values():
            os.waitpid(plugin.pid, 0)
        place.remove(self._directory)
