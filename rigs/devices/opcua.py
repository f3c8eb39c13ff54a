"""OPC UA in a rig file: addresses and what kind of server a device is."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from rigs.assets.base import Strict
from rigs.devices.opcua_alarm import OpcUaAlarm
from rigs.devices.opcua_client import OpcUaClient
from rigs.devices.opcua_security import OpcUaSecurity
from rigs.quantity import Duration, Seconds

NodeIdText = Annotated[str, Field(pattern=r"^(i=[0-9]{1,10}|s=.{1,200}|g=[0-9a-fA-F-]{36}|b=[A-Za-z0-9+/=]{1,200})$")]
BrowsePath = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+(/[A-Za-z0-9_]+){0,4}$", max_length=200)]


class OpcUaAddress(Strict):
    """Where a value stands in the server's address space: a browse path below the device's folder.

    `id` is the node id it has in a real server's namespace (``s=Boiler.Temp``, ``i=1042``): a client finds the node
    under it, whatever stands above, and an emulated device answers to it too.
    `historize` keeps the value's past for HistoryRead (unset: as the device's `history` says); `structure` puts a
    structured variable beside a waveform, `stream` an array variable of the newest so many samples. `alarm` is a
    condition that watches the value.
    """

    node: BrowsePath
    id: (
        Annotated[str, Field(pattern=r"^(i=[0-9]{1,10}|s=.{1,200}|g=[0-9a-fA-F-]{36}|b=[A-Za-z0-9+/=]{1,200})$")] | None
    ) = None
    type: Literal["Boolean", "Int32", "UInt32", "UInt64", "Float", "Double"] = "Double"
    method: bool = False
    historize: bool | None = None
    structure: bool = False
    stream: int | None = Field(default=None, ge=1, le=65_536)
    alarm: OpcUaAlarm | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.method and (self.historize or self.structure or self.stream or self.alarm):
            raise ValueError("a method has no value; take out historize, structure, stream and alarm, or method")
        return self


class OpcUaLimits(Strict):
    """How much one client may ask for: what a device with little memory declares and enforces.

    The first eight and `array_length`, `string_length` are advertised in the node ServerCapabilities and its
    OperationLimits (OPC 10000-5 §6.3.2, §6.3.11). `string_length` counts bytes.
    """

    nodes_per_read: int = Field(default=10_000, ge=1, le=1_000_000)
    nodes_per_write: int = Field(default=10_000, ge=1, le=1_000_000)
    nodes_per_browse: int = Field(default=10_000, ge=1, le=1_000_000)
    nodes_per_translate: int = Field(default=10_000, ge=1, le=1_000_000)
    nodes_per_register: int = Field(default=10_000, ge=1, le=1_000_000)
    nodes_per_method_call: int = Field(default=1_000, ge=1, le=1_000_000)
    nodes_per_history_read: int = Field(default=100, ge=1, le=1_000_000)
    browse_continuation_points: int = Field(default=10, ge=1, le=1_000)
    monitored_items_per_call: int = Field(default=10_000, ge=1, le=1_000_000)
    sessions: int = Field(default=100, ge=1, le=10_000)
    subscriptions_per_session: int = Field(default=100, ge=1, le=10_000)
    items_per_subscription: int = Field(default=100_000, ge=1, le=1_000_000)
    publish_requests: int = Field(default=100, ge=1, le=10_000)
    queue_size: int = Field(default=1_000, ge=1, le=1_000_000)
    array_length: int = Field(default=4_000_000, ge=1, le=100_000_000)
    string_length: int = Field(default=4_000_000, ge=1, le=100_000_000)


class OpcUaHistory(Strict):
    """How much past the device keeps of each point it historizes [values], oldest lost first."""

    depth: int = Field(default=10_000, ge=2, le=1_000_000)
    values_per_read: int = Field(default=10_000, ge=1, le=1_000_000)
    continuation_points: int = Field(default=10, ge=1, le=1_000)


class OpcUaInstance(Strict):
    """An object of a type that a nodeset brings, its variables bound to points of the device.

    `type` is a NodeId (``nsu=<uri>;i=1012``) or the browse name of an object type (``nsu=<uri>;MachineType``); `bind`
    goes from browse paths below the object to point ids.
    """

    type: str = Field(min_length=1, max_length=400)
    name: str = Field(pattern=r"^[A-Za-z0-9_ .-]{1,80}$")
    bind: dict[str, str] = Field(default_factory=dict, max_length=1_000)


# A retrofit gateway before a machine without a network: little memory, few sessions, no frills.
_SLOW_KIT = {
    "nodes_per_read": 20, "nodes_per_write": 5, "nodes_per_browse": 10, "nodes_per_translate": 10,
    "nodes_per_register": 20, "nodes_per_method_call": 1, "nodes_per_history_read": 1,
    "browse_continuation_points": 1, "monitored_items_per_call": 20, "sessions": 2, "subscriptions_per_session": 1,
    "items_per_subscription": 50, "publish_requests": 2, "queue_size": 1, "array_length": 10_000,
    "string_length": 1_024,
}  # fmt: skip


class OpcUaSettings(Strict):
    """What kind of OPC UA server a device is, beyond its address.

    Profile ``slow_kit`` is a retrofit gateway: it looks at its machine every `sampling` (2 s), answers after `delay`
    (0.15 s), stamps whole seconds, keeps no history, has no methods, and has the limits of a small machine; what is
    given beside the profile counts before it. `nodesets` are files of the UANodeSet schema (OPC 10000-6 annex F),
    relative to the rig file.
    """

    profile: Literal["plc", "slow_kit"] = "plc"
    limits: OpcUaLimits = OpcUaLimits()
    security: OpcUaSecurity = OpcUaSecurity()
    client: OpcUaClient = OpcUaClient()
    history: OpcUaHistory | None = None
    sampling: Duration | None = Field(default=None, gt=0)
    delay: Seconds = Field(default=0.0, ge=0, le=60)
    nodesets: tuple[str, ...] = Field(default=(), max_length=50)
    instances: tuple[OpcUaInstance, ...] = Field(default=(), max_length=1_000)

    @field_validator("nodesets")
    @classmethod
    def _beside_the_rig(cls, paths: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        folder = (info.context or {}).get("folder")
        return paths if folder is None else tuple(str(Path(folder) / path) for path in paths)

    @model_validator(mode="before")
    @classmethod
    def _by_profile(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("profile") == "slow_kit":
            limits = data.get("limits", {})
            merged = _SLOW_KIT | limits if isinstance(limits, dict) else limits
            return {"sampling": "2 s", "delay": "0.15 s"} | data | {"limits": merged}
        return data

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.profile == "slow_kit" and self.history is not None:
            raise ValueError("a slow_kit has no history; take out history, or the profile")
        return self
