"""The server core's front: its sessions, their limits, who may come back, and what was counted."""

import asyncio
import itertools
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Final

from asyncua import ua
from asyncua.server.internal_server import InternalServer

from emulator.devices.opcua.security.endpoints import Endpoints
from emulator.devices.opcua.security.guard import Guard
from emulator.devices.opcua.session import Anonymous, Session

ACTIVATION_SECONDS: Final = 10.0
_FIRST_SESSION: Final = 10
_SECURITY: Final = frozenset(
    (
        ua.StatusCodes.BadUserAccessDenied, ua.StatusCodes.BadIdentityTokenRejected,
        ua.StatusCodes.BadIdentityTokenInvalid, ua.StatusCodes.BadUserSignatureInvalid,
        ua.StatusCodes.BadApplicationSignatureInvalid, ua.StatusCodes.BadSecurityChecksFailed,
        ua.StatusCodes.BadSessionIdInvalid, ua.StatusCodes.BadCertificateInvalid, ua.StatusCodes.BadNonceInvalid,
        ua.StatusCodes.BadCertificateUriInvalid,
    )
)  # fmt: skip


@dataclass(slots=True)
class Counters:
    """What ServerDiagnosticsSummary counts since the start (OPC 10000-5 §12.9)."""

    cumulated_session_count: int = 0
    security_rejected_session_count: int = 0
    rejected_session_count: int = 0
    session_timeout_count: int = 0
    session_abort_count: int = 0
    cumulated_subscription_count: int = 0
    security_rejected_requests_count: int = 0
    rejected_requests_count: int = 0

    def refuse_session(self, status: int) -> None:
        """Count a session that was not let in."""
        self.rejected_session_count += 1
        self.security_rejected_session_count += status in _SECURITY

    def refuse_request(self, status: int) -> None:
        """Count a request that was refused."""
        self.rejected_requests_count += 1
        self.security_rejected_requests_count += status in _SECURITY


class Gate(InternalServer):
    """The library's core with sessions of our own; nothing here is shared with another server of the process.

    Attributes
    ----------
    guard
        Its security.
    endpoints_of
        Its endpoint list; set before it listens.
    counters
        What it counted.
    max_sessions
        Sessions it has at most, activated or not.

    """

    endpoints_of: Endpoints
    max_message_size = 0

    def __init__(self, guard: Guard, sessions: int) -> None:
        super().__init__(user_manager=Anonymous())
        self.guard = guard
        self.counters = Counters()
        self.max_sessions = sessions
        self.max_pending_activation_seconds = ACTIVATION_SECONDS
        self._session_ids = itertools.count(_FIRST_SESSION)
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def sessions(self) -> list[Session]:
        """The clients' sessions, oldest first."""
        return list(self._external_sessions.values())

    def new_session_id(self) -> int:
        """Return the number of a new session."""
        return next(self._session_ids)

    def create_session(self, name: str, user: Any = None, external: bool = False) -> Session:
        """Return a session whose token is random."""
        known = {} if user is None else {"user": user}
        return Session(self, self.aspace, self.subscription_service, name, external=external, **known)

    def session_of(self, token: ua.NodeId) -> Session | None:
        """Return the session with this token."""
        return self._external_sessions.get(token)

    def may_come_back(self, session: Session) -> bool:
        """Whether a session without a connection can be activated on a new one."""
        suite, *_ = session.secured_by
        proven = suite is not None or (session.login is not None and session.login.proven)
        return proven or self.guard.settings.reactivate_anonymous

    async def make_room(self) -> None:
        """Make room for one more session, or refuse it: what nobody activated goes first, then who may be gone.

        Raises
        ------
        ua.UaStatusCodeError
            Every session has an owner.

        """
        sessions = self.sessions
        if len(sessions) < self.max_sessions:
            return
        unproven = (s for s in sessions if s.processor is None and s.login is not None and not s.login.proven)
        oldest = next((s for s in sessions if not s.is_activated()), None)
        oldest = oldest or next((s for s in unproven if s.secured_by[0] is None), None)
        if oldest is None:
            self.counters.rejected_session_count += 1
            raise ua.UaStatusCodeError(ua.StatusCodes.BadTooManySessions)
        await oldest.close_session(True)

    def rebind(self, session: Session, processor: Any) -> None:
        """Have what a session subscribed to sent over its new connection."""
        for one in getattr(self.subscription_service, "subscriptions", {}).values():
            if getattr(one, "session_id", None) == session.session_id and hasattr(one, "pub_result_callback"):
                one.pub_result_callback = processor.forward_publish_response
                one.pub_request_callback = processor.get_publish_request

    def end(self, session: Session) -> None:
        """End a session, from outside of a service."""
        self.run(session.close_session(False))

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something to its end, whatever becomes of the connection it concerns."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settle(self) -> None:
        """End every session and wait for what still runs."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        for session in self.sessions:
            await session.close_session(True)
