"""How a Modbus device of a rig is opened, over TCP or on a serial line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from emulator.devices.modbus.misbehaviour import ModbusMisbehaviour
from emulator.devices.modbus.rtu_face import open_serial
from emulator.devices.modbus.server import ModbusTcpServer

if TYPE_CHECKING:
    from emulator.devices.faces import Setting
    from emulator.devices.modbus.rtu import ModbusRtuServer
    from emulator.devices.modbus.security import TlsServing


def open_face(setting: Setting) -> ModbusTcpServer | ModbusRtuServer:
    """Return the server of the device, not yet listening."""
    misbehaviour = ModbusMisbehaviour(draw=setting.draw, inserted=setting.note)
    if setting.image.device.protocol == "modbus-tcp":
        return ModbusTcpServer.from_image(
            setting.image, misbehaviour=misbehaviour, timers=setting.timers, tls=_tls(setting, misbehaviour)
        )
    return open_serial(setting, misbehaviour)


def _tls(setting: Setting, misbehaviour: ModbusMisbehaviour) -> TlsServing | None:
    asked = setting.image.device.modbus.tls
    if asked is None:
        return None
    # Loads the certificate library; most rigs never need it.
    from emulator.devices.certificates import names_of, tls_folder
    from emulator.devices.modbus.security import TlsServing

    return TlsServing(
        tls_folder(setting.image.device.id) if asked.folder is None else Path(asked.folder).expanduser(),
        asked.roles,
        without_role=asked.without_role,
        hosts=names_of(setting.host),
        trouble=misbehaviour.tls,
    )
