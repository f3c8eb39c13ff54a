"""Which connector speaks which protocol. A new protocol adds one line here and one file beside it."""

from collections.abc import Callable, Sequence

from rigs.devices.device import Device
from rigs.schema import Point
from twin.connectors.base import Connector


def make_connector(
    device: Device, points: Sequence[Point], url: str, clock: Callable[[], int] | None, seed: int
) -> Connector:
    """Make the connector of a device; a library is imported only when a device needs it.

    Raises
    ------
    ValueError : the device's protocol, address or points cannot work; the message names them
    """
    try:
        if url.startswith("replay:"):
            from twin.connectors.replay import ReplayConnector

            return ReplayConnector(device, points, url.removeprefix("replay:").removeprefix("//"))
        if device.protocol == "opcua":
            from twin.connectors.opcua import OpcUaConnector

            return OpcUaConnector(device, points, url, clock, seed=seed)
        if device.protocol == "mqtt":
            from twin.connectors.mqtt import MqttConnector

            return MqttConnector(device, points, url, clock, seed=seed)
        from twin.connectors.modbus import ModbusConnector

        return ModbusConnector(device, points, url, clock, seed=seed)
    except ValueError as error:
        raise ValueError(f"device {device.id}: {error}") from None
