"""Modbus in a rig file: addresses, identities and what kind of server a device is."""

from typing import Literal, Self

from pydantic import Field, model_validator

from rigs.assets.base import Strict
from rigs.quantity import Number


class ModbusAddress(Strict):
    """Where a value lies in a Modbus unit's tables; the value on the wire is value_in_unit / scale."""

    unit: int = Field(ge=1, le=247)
    table: Literal["coil", "discrete", "input", "holding"]
    register_: int = Field(alias="register", ge=0, le=65535)
    type: Literal["bool", "u16", "i16", "u32", "i32", "f32", "u64", "i64", "f64"] = "u16"
    order: Literal["ABCD", "CDAB", "BADC", "DCBA"] = "ABCD"
    scale: Number = 1.0

    @property
    def words(self) -> int:
        """Registers taken (1 for a coil or discrete input)."""
        return {"32": 2, "64": 4}.get(self.type[1:], 1)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        bits = self.table in ("coil", "discrete")
        if bits != (self.type == "bool"):
            raise ValueError(
                f"type {self.type} does not fit table {self.table}; coils and discrete inputs hold bool only"
            )
        if self.register_ + self.words > 65536:
            raise ValueError(f"register {self.register_} and type {self.type} reach beyond register 65535")
        if self.scale == 0:
            raise ValueError("scale = 0 would lose the value; use 1 for none")
        return self


class UnitIdentity(Strict):
    """What a Modbus unit says of itself (function 43/14)."""

    unit: int = Field(ge=1, le=247)
    vendor: str = "plantbench"
    product: str = ""
    revision: str = "1.0"
    name: str = ""


class ModbusSettings(Strict):
    """What kind of Modbus server a device is, beyond its address.

    `framing` is how a PDU is wrapped: ``tcp`` (MBAP), ``rtu`` (address and CRC) or ``ascii``; by default what the
    device's protocol names. A ``modbus-tcp`` device with ``rtu`` is a serial server that passes frames on as they are.
    """

    framing: Literal["tcp", "rtu", "ascii"] | None = None
