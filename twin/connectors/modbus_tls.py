"""Modbus/TCP Security as a client: the authority we trust and the certificate that carries our role (v21, ch. 8)."""

import os
import ssl
from pathlib import Path

from rigs.devices.modbus import ModbusTls
from twin.connectors.tls import client_context, local_folder

_CA, _CERT, _KEY = "PLANTBENCH_MODBUS_CA", "PLANTBENCH_MODBUS_CERT", "PLANTBENCH_MODBUS_KEY"


def context_of(settings: ModbusTls, device: str, host: str) -> ssl.SSLContext:
    """Make the context: files named in the rig file, else by environment variables, else those of a folder.

    In the folder (``tls.folder``, or that of a device emulated here) stand `authority.pem` and a certificate and key
    for each role; a twin only reads, so it takes a role that may only read where there is one.

    Raises
    ------
    ValueError : a file is missing or no use; the message names it and the way to name another
    """
    role = next(
        (name for name, rights in settings.roles.items() if rights == "read"), next(iter(settings.roles), "nobody")
    )
    folder = Path(settings.folder).expanduser() if settings.folder is not None else local_folder(device, host)
    paths: list[Path] = []
    for named, setting, variable, name in (
        (settings.ca, "ca", _CA, "authority.pem"),
        (settings.certificate, "certificate", _CERT, f"{role}.pem"),
        (settings.key, "key", _KEY, f"{role}.key"),
    ):
        told = named or os.environ.get(variable)
        if told is None and folder is None:
            raise ValueError(f"tls needs a file {name}: name it as tls.{setting} in the rig file or in {variable}")
        paths.append(Path(told) if told is not None else (folder or Path()) / name)
        if not paths[-1].is_file():
            raise ValueError(f"{paths[-1]} is no file; tls needs it, or another in tls.{setting} or {variable}")
    return client_context(*paths, server_name=settings.server_name)
