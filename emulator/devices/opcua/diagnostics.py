"""The server's diagnostics nodes, answered from what it counted (OPC 10000-5 §6.3.3 to §6.3.6, §12.9 to §12.12)."""

from collections.abc import Callable
from typing import Any, Final

from asyncua import ua

from emulator.devices.opcua.security.suites import NONE_URI

_SUMMARY: Final = {
    "ServerViewCount": lambda core: 0,
    "CurrentSessionCount": lambda core: sum(one.is_activated() for one in core.sessions),
    "CumulatedSessionCount": lambda core: core.counters.cumulated_session_count,
    "SecurityRejectedSessionCount": lambda core: core.counters.security_rejected_session_count,
    "RejectedSessionCount": lambda core: core.counters.rejected_session_count,
    "SessionTimeoutCount": lambda core: core.counters.session_timeout_count,
    "SessionAbortCount": lambda core: core.counters.session_abort_count,
    "CurrentSubscriptionCount": lambda core: len(_subscriptions(core)),
    "CumulatedSubscriptionCount": lambda core: max(
        core.counters.cumulated_subscription_count, len(_subscriptions(core))
    ),
    "PublishingIntervalCount": lambda core: len({_interval_ms(one) for one in _subscriptions(core)}),
    "SecurityRejectedRequestsCount": lambda core: core.counters.security_rejected_requests_count,
    "RejectedRequestsCount": lambda core: core.counters.rejected_requests_count,
}


def _subscriptions(core: Any) -> list[Any]:
    held = getattr(core.subscription_service, "subscriptions", {})
    return list(held.values())


def _interval_ms(subscription: Any) -> float:
    data = getattr(subscription, "data", None)
    if data is not None:
        return float(data.RevisedPublishingInterval)
    return float(getattr(subscription, "publishing_s", 0.0)) * 1000.0


class Diagnostics:
    """Answers the diagnostics nodes of one server.

    Parameters
    ----------
    core
        The server's core, with its sessions and counters.

    """

    def __init__(self, core: Any) -> None:
        self._core = core

    def serve(self) -> None:
        """Take over the nodes below Server/ServerDiagnostics, and ServiceLevel."""
        nodes = ua.ObjectIds
        self._answer(nodes.Server_ServerDiagnostics_EnabledFlag, lambda: ua.Variant(True, ua.VariantType.Boolean))
        summary = "Server_ServerDiagnostics_ServerDiagnosticsSummary"
        self._answer(getattr(nodes, summary), lambda: ua.Variant(self.summary(), ua.VariantType.ExtensionObject))
        for name, count in _SUMMARY.items():
            self._answer(getattr(nodes, f"{summary}_{name}"), self._counter(count))
        sessions = "Server_ServerDiagnostics_SessionsDiagnosticsSummary"
        self._array(f"{sessions}_SessionDiagnosticsArray", self.sessions)
        self._array(f"{sessions}_SessionSecurityDiagnosticsArray", self.sessions_security)
        self._array("Server_ServerDiagnostics_SubscriptionDiagnosticsArray", self.subscriptions)

    def summary(self) -> ua.ServerDiagnosticsSummaryDataType:
        """Return all counters together."""
        made = ua.ServerDiagnosticsSummaryDataType()
        for name, count in _SUMMARY.items():
            setattr(made, name, count(self._core))
        return made

    def sessions(self) -> list[Any]:
        """Describe every session."""
        return [self._session(one) for one in self._core.sessions]

    def sessions_security(self) -> list[Any]:
        """Say of every session how it is secured and who uses it."""
        return [self._security(one) for one in self._core.sessions]

    def subscriptions(self) -> list[Any]:
        """Describe every subscription."""
        return [self._subscription(one) for one in _subscriptions(self._core)]

    def _session(self, session: Any) -> Any:
        one = ua.SessionDiagnosticsDataType()
        one.SessionId, one.SessionName = session.session_id, session.name
        if session.described is not None:
            one.ClientDescription = session.described
        one.EndpointUrl = session.endpoint_url
        one.ActualSessionTimeout = (session.session_timeout or 0.0) * 1000.0
        one.CurrentSubscriptionsCount = len(self._of(session))
        one.ClientConnectionTime, one.ClientLastContactTime = session.created, session.last_contact()
        one.TotalRequestCount.TotalCount = session.requests
        return one

    def _security(self, session: Any) -> Any:
        suite, mode, peer = session.secured_by
        one = ua.SessionSecurityDiagnosticsDataType()
        one.SessionId = session.session_id
        one.ClientUserIdOfSession = session.login.user.name if session.login is not None else ""
        one.AuthenticationMechanism = "" if session.login is None else _mechanism(session.login)
        one.Encoding, one.TransportProtocol = "UA Binary", "opc.tcp"
        one.SecurityMode, one.SecurityPolicyUri = mode, NONE_URI if suite is None else suite.uri
        one.ClientCertificate = peer or None
        return one

    def _subscription(self, subscription: Any) -> Any:
        one = ua.SubscriptionDiagnosticsDataType()
        data = getattr(subscription, "data", None)
        one.SubscriptionId = int(getattr(subscription, "id", 0) or (data.SubscriptionId if data is not None else 0))
        one.PublishingInterval = _interval_ms(subscription)
        owner = _owner(subscription)
        if owner is not None:
            one.SessionId = owner
        one.Priority = int(getattr(subscription, "priority", 0))
        one.MaxKeepAliveCount = int(getattr(subscription, "keep_alive", 0))
        one.MaxLifetimeCount = int(getattr(subscription, "lifetime", 0))
        one.MaxNotificationsPerPublish = int(getattr(subscription, "per_message", 0))
        one.PublishingEnabled = bool(getattr(subscription, "enabled", True))
        one.MonitoredItemCount = len(getattr(subscription, "items", ()))
        one.UnacknowledgedMessageCount = len(getattr(subscription, "kept", ()))
        return one

    def _of(self, session: Any) -> list[Any]:
        return [one for one in _subscriptions(self._core) if _owner(one) == session.session_id]

    def _array(self, name: str, rows: Callable[[], list[Any]]) -> None:
        self._answer(
            getattr(ua.ObjectIds, name),
            lambda: ua.Variant(rows(), ua.VariantType.ExtensionObject, is_array=True),
        )

    def _counter(self, count: Callable[[Any], int]) -> Callable[[], ua.Variant]:
        return lambda: ua.Variant(count(self._core), ua.VariantType.UInt32)

    def _answer(self, node: int, value: Callable[[], ua.Variant]) -> None:
        core = self._core

        def answer(*_: Any) -> ua.DataValue:
            now = core.guard.now()
            return ua.DataValue(value(), SourceTimestamp=now, ServerTimestamp=now)

        core.set_attribute_value_callback(ua.NodeId(node), answer)


def _owner(subscription: Any) -> Any:
    client = getattr(subscription, "client", None)
    return client.session.session_id if client is not None else getattr(subscription, "session_id", None)


def _mechanism(login: Any) -> str:
    return "UserName" if login.proven else "Anonymous"
