"""A device of a rig: one protocol face, its pace, its limits and what is particular to its protocol."""

from typing import Literal, Self

from pydantic import Field

from rigs.assets.base import Identifier, Strict
from rigs.devices.modbus import ModbusAddress, ModbusSettings, UnitIdentity
from rigs.devices.mqtt import MqttSettings
from rigs.devices.opcua import OpcUaSettings
from rigs.devices.serial import SerialLine
from rigs.quantity import Duration, Seconds

Protocol = Literal["modbus-tcp", "modbus-rtu", "opcua", "mqtt"]


class DeviceClock(Strict):
    """A register with the device's own time: milliseconds or nanoseconds since 1970-01-01 UTC, as u64."""

    address: ModbusAddress
    resolution: Literal["ns", "ms"] = "ms"


class Device(Strict):
    """A protocol face of the rig."""

    id: Identifier
    protocol: Protocol
    title: str = ""
    poll: Duration = Field(default=500_000_000, gt=0)
    timeout: Seconds = Field(default=0.5, gt=0, le=60)
    stale_after: Duration = Field(default=3_000_000_000, gt=0)
    boot: Seconds = Field(default=3.0, ge=0)
    port: int = Field(default=0, ge=0, le=65535)
    namespace: str | None = None
    baud: int = Field(default=19200, ge=300, le=921600)
    parity: Literal["even", "odd", "none"] = "even"
    clock: DeviceClock | None = None
    identities: tuple[UnitIdentity, ...] = ()
    connections: int = Field(default=16, ge=1, le=1024)
    line: Identifier | None = None
    modbus: ModbusSettings = ModbusSettings()
    opcua: OpcUaSettings = OpcUaSettings()
    mqtt: MqttSettings = MqttSettings()

    def joined(self, line: SerialLine) -> Self:
        """Return the device with the speed and parity of its line, where it does not name its own."""
        own = self.model_fields_set
        speed = {"baud": line.baud, "parity": line.parity}
        return self.model_copy(update={key: value for key, value in speed.items() if key not in own})
