"""OPC UA in a rig file: addresses and what kind of server a device is."""

from typing import Annotated, Literal

from pydantic import Field

from rigs.assets.base import Strict


class OpcUaAddress(Strict):
    """Where a value stands in the server's address space: a browse path below the device's folder."""

    node: Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+(/[A-Za-z0-9_]+){0,4}$", max_length=200)]
    type: Literal["Boolean", "Int32", "UInt32", "UInt64", "Float", "Double"] = "Double"
    method: bool = False


class OpcUaSettings(Strict):
    """What kind of OPC UA server a device is, beyond its address."""
