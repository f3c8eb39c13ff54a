"""Who the twin is to a broker: address, client id, user, and the authority the broker must be signed by."""

import os
import ssl
from pathlib import Path
from urllib.parse import urlsplit

from rigs.devices.device import Device
from twin.connectors.mqtt_link import Login
from twin.connectors.tls import client_context, local_folder

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
        _context(device, parts.hostname) if secure or settings.tls else None,
        # The broker's silence must show before its values are stale.
        max(1, min(settings.keep_alive, device.stale_after // 1_000_000_000)),
        max(device.timeout, 0.5),
    )


def _context(device: Device, host: str) -> ssl.SSLContext:
    """Trust the authority that is named, or that of a broker emulated here, or the system's."""
    settings = device.mqtt
    ca = settings.ca or os.environ.get(_CA)
    folder = None if settings.external else local_folder(settings.broker or device.id, host)
    if ca is None and folder is not None:
        ca = str(folder / "authority.pem")
    own = [None if name is None else Path(name) for name in (settings.certificate, settings.key)]
    return client_context(None if ca is None else Path(ca), *own, server_name=settings.server_name)
