"""How a Modbus device of a rig is opened, over TCP or on a serial line."""

from emulator.devices.faces import Setting
from emulator.devices.modbus.misbehaviour import ModbusMisbehaviour
from emulator.devices.modbus.rtu import ModbusRtuServer
from emulator.devices.modbus.rtu_face import open_serial
from emulator.devices.modbus.server import ModbusTcpServer


def open_face(setting: Setting) -> ModbusTcpServer | ModbusRtuServer:
    """Return the server of the device, not yet listening."""
    misbehaviour = ModbusMisbehaviour(draw=setting.draw, inserted=setting.note)
    if setting.image.device.protocol == "modbus-tcp":
        return ModbusTcpServer.from_image(setting.image, misbehaviour=misbehaviour)
    return open_serial(setting, misbehaviour)
