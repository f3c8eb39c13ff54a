"""A server's security in one place: who it is, which policies it offers, whom it lets in, and its faults."""

import itertools
import logging
import math
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

from asyncua import ua

from emulator import clock
from emulator.devices.certificates import LOOPBACK
from emulator.devices.opcua.security import badness, passwords, trust
from emulator.devices.opcua.security.certificates import Identity
from emulator.devices.opcua.security.misbehaviour import SecurityMisbehaviour
from emulator.devices.opcua.security.pki import Pki
from emulator.devices.opcua.security.suites import DEPRECATED, PREFIX, SUITES, Suite
from rigs.devices.opcua_security import OpcUaSecurity

_logger = logging.getLogger("asyncua.server.uaprocessor")  # rate limited with the library's
Mode = ua.MessageSecurityMode
Offer = tuple[Suite | None, ua.MessageSecurityMode]
_MODES: Final = {"Sign": Mode.Sign, "SignAndEncrypt": Mode.SignAndEncrypt}


def offer(endpoint: str) -> Offer:
    """Return policy and mode of an endpoint as a rig names it."""
    if endpoint == "None":
        return None, Mode.None_
    policy, _, mode = endpoint.rpartition("_")
    return SUITES[PREFIX + policy], _MODES[mode]


class Guard:
    """The security of one server.

    Parameters
    ----------
    settings
        What the rig says.
    common, application_uri
        Name and URI of the server's certificate.
    fault
        What it does wrong.
    now
        The device's clock.
    pki
        Where certificates are; the user's folder if None.
    hosts
        What the server's certificate names.

    Raises
    ------
    ValueError
        A user's password is to come from an environment variable that is not set.
    OSError
        The folder of certificates cannot be written.

    """

    def __init__(
        self,
        settings: OpcUaSecurity,
        common: str,
        application_uri: str,
        fault: SecurityMisbehaviour,
        now: Callable[[], datetime],
        pki: Pki | None = None,
        hosts: Iterable[str] = LOOPBACK,
    ) -> None:
        self.settings = settings
        self.fault = fault
        self.application_uri = application_uri
        self.common = common
        self.now = now
        self.pki = pki or Pki()
        for user in settings.users:
            lacking = passwords.missing(user.password or "")
            if lacking is not None:
                raise ValueError(
                    f"user {user.name!r} of {common}: set the environment variable {lacking} to a password"
                )
        self.sound: tuple[Offer, ...] = tuple(map(offer, settings.endpoints))
        self.identity: Identity | None = None
        if any(suite for suite, _ in self.sound) or any(u.certificate or u.password for u in settings.users):
            self.identity = self.pki.own(common, application_uri, clock.calendar(), hosts)
        if settings.trust == "list" and any(suite for suite, _ in self.sound):
            self.pki.client(clock.calendar())
        self._bad: dict[str, Identity] = {}
        self._channels = itertools.count(1)

    def new_channel(self) -> int:
        """Return the number of a new channel."""
        return next(self._channels)

    @property
    def offered(self) -> tuple[Offer, ...]:
        """Policies and modes a channel may be opened with."""
        return self.sound + (self.listed if self.fault.deprecated or self.fault.only_none else ())

    @property
    def listed(self) -> tuple[Offer, ...]:
        """Policies and modes the endpoint lists name."""
        if self.fault.only_none:
            return ((None, Mode.None_),)
        if self.fault.deprecated and self.identity is not None:
            old = SUITES[DEPRECATED]
            return tuple((old if suite else None, mode) for suite, mode in self.sound)
        return self.sound

    def offers(self, suite: Suite | None, mode: int) -> bool:
        """Whether a channel with this policy and mode may be opened; one without security always, to discover."""
        if suite is None:
            return int(mode) == int(Mode.None_)
        return any(one == suite and int(listed) == int(mode) for one, listed in self.offered)

    @property
    def takes_sessions_without_security(self) -> bool:
        """Whether a channel without security is good for more than discovery (OPC 10000-4 §5.4.1)."""
        return any(suite is None for suite, _ in self.offered)

    def suite(self, uri: str) -> Suite | None:
        """Return the algorithms of a policy, if it is offered."""
        return next((suite for suite, _ in self.offered if suite is not None and suite.uri == uri), None)

    def shown(self) -> Identity | None:
        """Return the identity that is shown to whoever comes now: a bad one while a fault says so."""
        what = self.fault.certificate
        if what is None or self.identity is None:
            return self.identity
        if what not in self._bad:
            self._bad[what] = badness.identity(what, self, clock.calendar())
        return self._bad[what]

    def forget_bad(self, what: str) -> None:
        """Have the next bad certificate of this kind made anew."""
        self._bad.pop(what, None)

    def admit(self, channel: Any, der: bytes, suite: Suite) -> None:
        """Let a client's certificate in, or not; what is turned away is kept for a person to look at.

        Raises
        ------
        ua.UaStatusCodeError
            It is not trusted.

        """
        try:
            chain = trust.split_chain(der)
            channel.peer_key = trust.public_key(chain[0], suite)
            trust.check(chain, self.pki, clock.calendar(), anyone=self.settings.trust == "any")
        except trust.NotTrusted as refusal:
            _logger.warning("a client's certificate is turned away: %s; see %s", refusal, self.pki.folder / "rejected")
            if refusal.status != ua.StatusCodes.BadCertificateInvalid:
                self.pki.reject(trust.first(der))
            raise ua.UaStatusCodeError(refusal.wire) from None
        channel.peer_uris = trust.application_uris(chain[0])

    def token_lifetime_ms(self, wanted_ms: int) -> int:
        """Return the lifetime of a new token: what was asked for within bounds, the longest for 0."""
        forced = self.fault.token_lifetime_s
        if forced is not None:
            self.fault.note("opcua_token_lifetime_short")
            return round(forced * 1000)
        settings = self.settings
        wanted_s = wanted_ms / 1000 if wanted_ms else settings.longest_token
        return round(1000 * min(max(wanted_s, settings.shortest_token), settings.longest_token))

    def session_timeout_ms(self, wanted_ms: float) -> float:
        """Return the time-out of a new session: what was asked for within bounds, the longest for 0 or no number."""
        forced = self.fault.session_timeout_s
        if forced is not None:
            self.fault.note("opcua_session_timeout_short")
            return forced * 1000.0
        settings = self.settings
        longest = settings.longest_session * 1000.0
        if not math.isfinite(wanted_ms) or wanted_ms <= 0:
            return longest
        return min(max(wanted_ms, settings.shortest_session * 1000.0), longest)
