"""Modbus/TCP Security as a client: whom we trust and the certificate that carries our role (MB-TCP-Security V2.1)."""

import os
import ssl
from pathlib import Path

from rigs.devices.modbus import ModbusTls

_CA, _CERT, _KEY = "PLANTBENCH_MODBUS_CA", "PLANTBENCH_MODBUS_CERT", "PLANTBENCH_MODBUS_KEY"


def client_context(settings: ModbusTls) -> ssl.SSLContext:
    """Make the context: files named by environment variables, else those in the device's folder.

    In the folder stand `authority.pem` and a certificate and key for each role; a twin that only reads takes a role
    that may only read. The server's certificate must be signed by the authority and name the host that is dialled;
    TLS 1.2 at least, never anything less.

    Raises
    ------
    ValueError : a file is missing or no use; the message names it and the variable
    """
    role = next(
        (name for name, rights in settings.roles.items() if rights == "read"), next(iter(settings.roles), "nobody")
    )
    paths: list[Path] = []
    for variable, name in ((_CA, "authority.pem"), (_CERT, f"{role}.pem"), (_KEY, f"{role}.key")):
        told = os.environ.get(variable)
        if told is None and settings.folder is None:
            raise ValueError(f"tls needs a file {name}: name it in {variable}, or its folder in the rig file")
        paths.append(Path(told) if told is not None else Path(settings.folder or ".") / name)
        if not paths[-1].is_file():
            raise ValueError(f"{paths[-1]} is no file; tls needs it (or another, named in {variable})")
    ca, certificate, key = paths
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_verify_locations(ca)
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise ValueError(f"{ca}, {certificate} and {key} cannot be used: {error}") from None
    return context
