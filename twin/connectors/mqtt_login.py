"""Who the twin is to a broker: address, client id, user, and the authority the broker must be signed by."""

import os
import ssl
from urllib.parse import urlsplit

from rigs.devices.device import Device
from twin.connectors.mqtt_link import Login

_CA = "PLANTBENCH_MQTT_CA"
"""Names the file with the authority a broker must be signed by, where the rig file names none."""


def login_of(device: Device, url: str) -> Login:
    """Make the login of a device's broker out of its settings and environment variables.

    Raises
    ------
    ValueError : the URL is no broker's, the password's variable is not set, or the authority's file is no use
    """
    parts = urlsplit(url if "://" in url else f"mqtt://{url}")
    try:
        port = parts.port
    except ValueError:
        port = None
    secure = parts.scheme == "mqtts"
    if parts.scheme not in ("mqtt", "mqtts", "tcp") or not parts.hostname or port is None:
        raise ValueError(f"{url!r} is no MQTT broker; write mqtt://host:port or mqtts://host:port")
    settings = device.mqtt
    password = None
    if settings.password_env is not None:
        password = os.environ.get(settings.password_env)
        if password is None:
            raise ValueError(f"the environment variable {settings.password_env} with the broker's password is not set")
    return Login(
        parts.hostname,
        port,
        f"plantbench-twin-{device.id}",
        settings.user,
        password,
        _context(settings.ca or os.environ.get(_CA)) if secure or settings.tls else None,
        # The broker's silence must show before its values are stale.
        max(1, min(settings.keep_alive, device.stale_after // 1_000_000_000)),
        max(device.timeout, 0.5),
    )


def _context(ca: str | None) -> ssl.SSLContext:
    """Trust the given authority, or the system's; always check the host's name, never anything older than TLS 1.2."""
    try:
        context = ssl.create_default_context(cafile=ca)
    except (OSError, ssl.SSLError) as error:
        raise ValueError(f"the authority's file {ca} cannot be used: {error}") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
