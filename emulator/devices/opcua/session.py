"""Sessions: a token that cannot be guessed, a time-out, a user, and a connection that may come and go."""

import asyncio
import secrets
from datetime import datetime, timedelta
from typing import Any, Final

from asyncua import ua
from asyncua.server.internal_session import InternalSession, SessionState
from asyncua.ua.ua_binary import nodeid_to_binary

from emulator.devices.opcua.remembered import forget
from emulator.devices.opcua.security.identity import Login
from emulator.devices.opcua.security.roles import PlantUser, Role, role_of

LONGEST_NAME: Final = 128  # characters of a session's name that are kept


class Anonymous:
    """The user manager the library insists on; who logs in is decided by `security.identity`."""

    def get_user(self, iserver: Any, username: Any = None, password: Any = None, certificate: Any = None) -> PlantUser:
        """Return somebody who may only look."""
        return PlantUser(Role.OBSERVER)


class Session(InternalSession):
    """A session of one client.

    Attributes
    ----------
    processor
        The connection that serves it now; None while it has none and waits to be activated on a new one.
    login
        Who logged in; None before it is activated.
    secured_by
        Policy, mode and client certificate of its channel: a new channel must have the same.

    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.processor: Any = None
        self.login: Login | None = None
        self.secured_by: tuple[Any, ...] = ()
        self.described: Any = None  # the client's ApplicationDescription
        self.endpoint_url = ""
        self.requests = 0
        self.created = self.iserver.guard.now()
        self.idle_since = 0.0
        self._timer: asyncio.TimerHandle | None = None
        if self.external:
            self.iserver.unregister_external_session(self)
            self.session_id = ua.NodeId(self.iserver.new_session_id())  # the library counts for all servers at once
            self.auth_token = ua.NodeId(secrets.token_bytes(32), 0, ua.NodeIdType.ByteString)
            self.iserver.register_external_session(self)
        self.encoded_token = nodeid_to_binary(self.auth_token)

    def begin(self, processor: Any, timeout_s: float) -> None:
        """Belong to a connection, and end when nobody activates or uses the session for so long [s]."""
        channel = processor.channel
        self.processor = processor
        self.session_timeout = timeout_s
        self.secured_by = (channel.suite, channel.mode, channel.peer_der)
        self.touch()
        self._watch(self.iserver.max_pending_activation_seconds)

    def touch(self) -> None:
        """Note that the client is alive."""
        if self.external:
            self.idle_since = asyncio.get_running_loop().time()

    def last_contact(self) -> datetime:
        """Return when the client was heard last; the device's clock counted on from the session's begin."""
        now: datetime = self.iserver.guard.now()
        quiet_s = asyncio.get_running_loop().time() - self.idle_since
        return max(self.created, now - timedelta(seconds=quiet_s))

    def activate(self, login: Login, processor: Any) -> None:
        """Let the user in, on this connection from now on."""
        before = self.processor
        if before is not None and before is not processor:
            before.session = None
        self.processor, processor.session = processor, self
        reads = processor.reads
        reads.plans.clear()  # another user may see less
        reads.user = login.user
        kept = self.iserver.guard.settings.diagnostics == "engineer"
        reads.hides_diagnostics = kept and role_of(login.user) < Role.ENGINEER
        self.login, self.user = login, login.user
        self.state = SessionState.Activated
        self.touch()
        self._watch(self.session_timeout or 0.0)

    def detach(self) -> bool:
        """Lose the connection; returns whether the session goes on without one."""
        self.processor = None
        return self.is_activated() and self.iserver.may_come_back(self)

    async def close_session(self, delete_subs: bool = True) -> None:
        """End the session, and with it what services remember for it."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        processor, self.processor = self.processor, None
        if processor is not None and processor.session is self:
            processor.session = None
        forget(self)
        await super().close_session(delete_subs)

    def _watch(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._look)

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        limit = self.session_timeout if self.is_activated() else self.iserver.max_pending_activation_seconds
        left = (limit or 0.0) - (loop.time() - self.idle_since)
        if left > 0.001:
            self._timer = loop.call_later(left, self._look)
            return
        self._timer = None
        if self.is_activated():
            self.iserver.counters.session_timeout_count += 1
        self.iserver.end(self)
