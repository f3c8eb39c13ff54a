"""Modbus/TCP Security as a client: whom we trust and the certificate that carries our role (MB-TCP-Security V2.1)."""

import os
import ssl
from pathlib import Path

from rigs.devices.modbus import ModbusTls

_FILES = {
    "PLANTBENCH_MODBUS_CA": "ca.pem",
    "PLANTBENCH_MODBUS_CERT": "client.pem",
    "PLANTBENCH_MODBUS_KEY": "client.key",
}


def client_context(settings: ModbusTls) -> ssl.SSLContext:
    """Make the context: files named by environment variables, else those in the device's folder.

    The server's certificate must be signed by the authority and name the host that is dialled; TLS 1.2 at least,
    never anything less.

    Raises
    ------
    ValueError : a file is missing or no use; the message names it and the variable
    """
    paths: dict[str, Path] = {}
    for variable, name in _FILES.items():
        told = os.environ.get(variable)
        if told is None and settings.folder is None:
            raise ValueError(f"tls needs {name}: set {variable}, or folder in the rig file")
        paths[variable] = Path(told) if told is not None else Path(settings.folder or ".") / name
        if not paths[variable].is_file():
            raise ValueError(f"{paths[variable]} is no file; tls needs it ({variable})")
    ca, certificate, key = paths.values()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_verify_locations(ca)
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise ValueError(f"{ca}, {certificate} and {key} cannot be used: {error}") from None
    return context
