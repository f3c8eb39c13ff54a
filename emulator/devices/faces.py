"""Open the protocol face of a device image: the one place that knows which server speaks which protocol."""

from collections.abc import Callable
from typing import Any

from emulator.devices.image import DeviceImage
from emulator.streams import Streams

Note = Callable[..., None]


class DeviceFace:
    """One protocol server with the two calls the emulation needs."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self.misbehaviour = server.misbehaviour

    async def start(self) -> str:
        """Open the endpoint; returns its URL.

        Raises
        ------
        OSError
            The port is taken or the serial device is missing.

        """
        await self._server.start()
        return str(self._server.url)

    async def stop(self) -> None:
        """Close it."""
        await self._server.stop()


def open_face(image: DeviceImage, streams: Streams, note: Note) -> DeviceFace:
    """Return the face of a device, not yet listening.

    It will take a free port: the port a rig asks for belongs to the link in front of it.

    Parameters
    ----------
    image : DeviceImage
        What it shows.
    streams : Streams
        Randomness for partial faults.
    note : callable
        Called with a fault's kind each time a protocol fault touches the wire.

    """
    device = image.device.model_copy(update={"port": 0})
    match device.protocol:
        case "opcua":
            from emulator.devices.opcua.server import OpcUaDevice

            return DeviceFace(OpcUaDevice(device, tuple(image.points.values()), image, streams, note))
        case "modbus-tcp":
            from emulator.devices.modbus.server import ModbusTcpServer

            return DeviceFace(ModbusTcpServer.from_image(image, misbehaviour=_modbus(image, streams, note)))
        case _:
            from emulator.devices.modbus.rtu import ModbusRtuServer

            return DeviceFace(ModbusRtuServer.from_image(image, misbehaviour=_modbus(image, streams, note)))


def _modbus(image: DeviceImage, streams: Streams, note: Note) -> Any:
    from emulator.devices.modbus.misbehaviour import ModbusMisbehaviour

    def draw(kind: str, index: int) -> float:
        return float(streams(f"protocol/{image.device.id}/{kind}").uniform(index, 1)[0])

    return ModbusMisbehaviour(draw=draw, inserted=note)
