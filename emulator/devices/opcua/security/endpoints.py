"""What a server says of its doors: endpoint descriptions and the ways to log in (OPC 10000-4 §7.14, §7.42)."""

from typing import Any, Final
from urllib.parse import urlsplit

from asyncua import ua

from emulator.devices.opcua.security.guard import Guard
from emulator.devices.opcua.security.suites import NONE_URI, SUITES, Suite

TRANSPORT: Final = "http://opcfoundation.org/UA-Profile/Transport/uatcp-uasc-uabinary"
_LEVELS: Final = {"Aes256_Sha256_RsaPss": 60, "Aes128_Sha256_RsaOaep": 55, "Basic256Sha256": 50, "Basic128Rsa15": 1}
_ENCRYPTED: Final = 20
_FALLBACK: Final = next(iter(SUITES.values()))  # protects passwords where no channel does
Mode = ua.MessageSecurityMode


def policy_for_tokens(guard: Guard, suite: Suite | None) -> Suite:
    """Return the policy that protects passwords and user signatures on a channel with this policy."""
    return suite or next((one for one, _ in guard.sound if one is not None), _FALLBACK)


def token_policies(guard: Guard, suite: Suite | None) -> list[ua.UserTokenPolicy]:
    """Return the ways to log in at an endpoint with this policy."""
    settings, found = guard.settings, []
    if settings.stranger is not None:
        found.append(_policy("anonymous", ua.UserTokenType.Anonymous, NONE_URI))
    uri = policy_for_tokens(guard, suite).uri
    if any(user.password for user in settings.users):
        clear = suite is None and settings.allow_clear_passwords
        found.append(_policy("username", ua.UserTokenType.UserName, NONE_URI if clear else uri))
    if any(user.certificate for user in settings.users):
        found.append(_policy("certificate", ua.UserTokenType.Certificate, uri))
    return found


def _policy(name: str, kind: ua.UserTokenType, uri: str) -> ua.UserTokenPolicy:
    policy = ua.UserTokenPolicy()
    policy.PolicyId, policy.TokenType, policy.SecurityPolicyUri = name, kind, uri
    return policy


class Endpoints:
    """The endpoint list of one server.

    Parameters
    ----------
    guard
        Its security.
    url
        Where it listens.
    name, product_uri
        How it calls itself.

    """

    def __init__(self, guard: Guard, url: str, name: str, product_uri: str) -> None:
        self._guard = guard
        self._url = urlsplit(url)
        self._name = name
        self._product_uri = product_uri

    def url(self, asked: str | None) -> str:
        """Return the endpoint's URL with the host and port the client knows it by (a link may stand between)."""
        try:
            wanted = urlsplit(asked or "")
            host, port = wanted.hostname, wanted.port
        except ValueError:
            host = port = None
        if not host or wanted.scheme != "opc.tcp" or not host.isascii() or len(wanted.netloc) > 255:
            return self._url.geturl()
        shown = f"[{host}]" if ":" in host else host
        return self._url._replace(netloc=shown if port is None else f"{shown}:{port}").geturl()

    def server(self, asked: str | None) -> ua.ApplicationDescription:
        """Describe the application."""
        described = ua.ApplicationDescription()
        described.ApplicationName = ua.LocalizedText(self._name)
        described.ApplicationUri = self._guard.application_uri
        described.ApplicationType = ua.ApplicationType.Server
        described.ProductUri = self._product_uri
        described.DiscoveryUrls = [self.url(asked)]
        return described

    def all(self, asked: str | None, *, discovery: bool = False) -> list[ua.EndpointDescription]:
        """Describe every endpoint.

        Parameters
        ----------
        asked
            The URL the client used.
        discovery
            For GetEndpoints rather than CreateSession: a tampered list differs there.

        """
        guard, server = self._guard, self.server(asked)
        identity = guard.shown()
        tampered = discovery and guard.fault.tampered
        found: list[ua.EndpointDescription] = []
        for suite, mode in guard.listed:
            one: Any = ua.EndpointDescription()
            one.EndpointUrl, one.Server, one.TransportProfileUri = self.url(asked), server, TRANSPORT
            one.ServerCertificate = None if identity is None else identity.chain
            one.SecurityMode = mode
            one.SecurityPolicyUri = NONE_URI if suite is None else suite.uri
            one.UserIdentityTokens = token_policies(guard, suite)
            encrypts = mode == Mode.SignAndEncrypt
            one.SecurityLevel = 0 if suite is None else _LEVELS[suite.name] + _ENCRYPTED * encrypts
            if tampered:
                one.SecurityLevel = 0 if suite is not None else 200
                one.UserIdentityTokens = token_policies(guard, None)
            found.append(one)
        self._note(discovery=discovery)
        return found

    def _note(self, *, discovery: bool) -> None:
        fault = self._guard.fault
        if fault.only_none and any(suite for suite, _ in self._guard.sound):
            fault.note("opcua_endpoints_downgraded")
        if fault.deprecated:
            fault.note("opcua_policy_deprecated")
        if fault.tampered and discovery:
            fault.note("opcua_endpoint_tampered")
        if fault.certificate is not None and self._guard.identity is not None:
            fault.note("opcua_certificate", fault.certificate)
