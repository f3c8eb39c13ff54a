"""What a rig file and a scenario file may say.

Everything here is a declaration: pydantic models that refuse unknown keys, hold SI values and carry no behaviour.
The `plant` section is the virtual plant's private part (true parameters, recordings, start state); a twin works
on `Rig.twin_view()`, from which it is gone.
"""

import math
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Discriminator, Field, Tag, ValidationInfo, model_validator

from rigs.assets import Asset
from rigs.assets.base import Identifier, Strict
from rigs.devices.device import Device
from rigs.devices.modbus import ModbusAddress
from rigs.devices.mqtt import MqttAddress
from rigs.devices.opcua import OpcUaAddress
from rigs.devices.serial import SerialLine
from rigs.life import (
    FoulingLaw,
    GammaLaw,
    Iso281Law,
    LifeSettings,
    ParisLaw,
    ShockLaw,
    TaylorLaw,
    WienerLaw,
)
from rigs.quantity import (
    Angle,
    Current,
    Duration,
    Frequency,
    Length,
    Number,
    Resistance,
    Seconds,
    Speed,
    Temperature,
    quantity,
)
from rigs.regime import RegimeSettings
from rigs.units import to_si

PointId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}(\.[a-z][a-z0-9_]{0,39}){1,2}$")]
Quality = Literal["good", "uncertain", "bad"]


Join = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}(\.[a-z][a-z0-9_]{0,39})?$")]


class Connection(Strict):
    """Assets joined by a medium, in the order in which it passes them.

    A join is an asset, or ``asset.port`` where an asset has several ports of the medium.
    """

    kind: Literal["shaft", "belt", "pipe", "stream", "gas", "heat", "wire", "material", "control", "mount"]
    joins: tuple[Join, ...] = Field(min_length=2)

    @property
    def assets(self) -> tuple[str, ...]:
        """The assets joined, without their ports."""
        return tuple(join.partition(".")[0] for join in self.joins)


# --- the virtual plant's private part -----------------------------------------------------------------------


class RecordingSource(Strict):
    """The file a `recording` asset plays; relative paths start at the recorded-data folder."""

    file: str
    channel: str | None = None
    rate: Frequency | None = None
    speed: Speed | None = None
    at_end: Literal["loop", "hold"] = "loop"


class PlantSettings(Strict):
    """True parameters and start state: what only the virtual plant knows.

    `life` is what ages and `damage_acceleration` how much faster than time (damage only, never a signal), `regime`
    what the plant is asked to do and what surrounds it, `scatter` how much of the usual spread from unit to unit
    its machines have (0 none, 1 full).
    """

    start: Literal["warm", "cold"] = "warm"
    ambient: Temperature = 293.15
    fluid: Temperature = 293.15
    tank_level: Length = 1.5
    parameters: dict[Identifier, dict[str, float | bool | str]] = Field(default_factory=dict)
    initial: dict[str, float | bool | str] = Field(default_factory=dict)
    recordings: dict[Identifier, RecordingSource] = Field(default_factory=dict)
    life: LifeSettings = LifeSettings()
    damage_acceleration: float = Field(default=1.0, gt=0, le=1e9, allow_inf_nan=False)
    regime: RegimeSettings = RegimeSettings()
    scatter: float = Field(default=0.0, ge=0, le=3, allow_inf_nan=False)


# --- sensors, points, devices -------------------------------------------------------------------------------


SensorKind = Literal[
    "pressure", "flow", "level", "pt100", "speed", "position", "electric", "accelerometer", "recorded",
    "thermocouple", "transmitter_4_20ma", "encoder", "energy_meter", "current_clamp", "voltage",
    "dynamic_pressure", "vibration_velocity", "microphone", "proximity",
]  # fmt: skip

# In what a waveform sensor's full scale is counted; the others take it from the point's range.
FULL_SCALE_UNITS = {
    "accelerometer": "m/s**2", "vibration_velocity": "m/s", "current_clamp": "A", "electric": "A", "voltage": "V",
    "dynamic_pressure": "Pa", "pressure": "Pa", "microphone": "Pa", "proximity": "m", "position": "m",
}  # fmt: skip


def _full_scale(value: Any, info: ValidationInfo) -> float | None:
    unit = FULL_SCALE_UNITS.get(info.data.get("kind", "accelerometer"))
    if value is None:
        return None
    if unit is None:
        raise ValueError(f"a sensor of kind {info.data['kind']} has no full scale of its own; its range is the point's")
    return to_si(value, unit)


class SensorSpec(Strict):
    """Data sheet of the sensor behind a point; fractions are of span unless said otherwise.

    An accelerometer has the noise of its amplifier; `noise` of the data sheet comes on top, 0 unless given. The
    noise of waveforms is a density: the fraction of span of one sample at 25.6 kS/s. `tolerance` is the class of a
    Pt100 (A, B) or a thermocouple (1), `lead` the resistance of both leads of a two-wire Pt100.
    """

    kind: SensorKind
    accuracy: Number = Field(default=0.0025, ge=0, lt=1)
    noise: Number = Field(default=0.0002, ge=0, lt=1)
    of_reading: bool = False
    lag: Seconds = Field(default=0.0, ge=0)
    bits: int = Field(default=16, ge=8, le=32)
    full_scale: Annotated[Annotated[float, Field(gt=0)] | None, BeforeValidator(_full_scale)] = None
    mount: Literal["stud", "magnet"] = "stud"
    clock_error_ppm: Number = 0.0
    tolerance: Literal["A", "B", "1"] | None = None
    lead: Resistance = Field(default=0.0, ge=0, le=100)
    measuring_current: Current = Field(default=0.0, ge=0, le=0.01)
    thermocouple: Literal["K", "J", "T", "N"] = "K"
    cold_junction: Temperature = Field(default=298.15, ge=223.15, le=373.15)
    cold_junction_error: Annotated[float, quantity("K")] = Field(default=0.0, ge=-20, le=20)
    burnout: Literal["up", "down"] = "up"
    pulses: int = Field(default=1024, ge=1, le=100_000)
    eccentricity: Angle = Field(default=0.0, ge=0, le=0.1)
    phase_error: Angle = Field(default=0.3 * math.pi / 180.0, gt=0, le=0.2)
    line_frequency: Frequency = Field(default=50.0, gt=0, le=1000)

    @model_validator(mode="before")
    @classmethod
    def _by_kind(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("kind") == "accelerometer":
            return {"noise": 0.0} | data
        return data

    @model_validator(mode="after")
    def _is_of_its_class(self) -> Self:
        classes = {"pt100": ("A", "B"), "thermocouple": ("1",)}.get(self.kind, ())
        if self.tolerance is not None and self.tolerance not in classes:
            fits = " or ".join(classes) or "none"
            raise ValueError(f"tolerance = {self.tolerance!r} is no class of a {self.kind}; it has {fits}")
        return self


class Waveform(Strict):
    """A point that carries blocks of samples; `buffer` is how much the device keeps for readers."""

    rate: Frequency | None = Field(default=None, gt=0)
    buffer: Seconds = Field(default=2.0, gt=0, le=60)


class Point(Strict):
    """One addressed value of a device. `asset` and `quantity` are its meaning; `signal` is where the plant takes it.

    A point with `write` can be written over the wire; the plant receives the named command. `every` is how often the
    device takes a new value, at each block where nothing is said.
    """

    id: PointId
    device: Identifier
    asset: Identifier
    quantity: Identifier
    unit: str = ""
    range: tuple[float, float] = (0.0, 1.0)
    description: str = ""
    critical: bool = False
    every: Duration | None = Field(default=None, gt=0)
    signal: str | None = None
    sensor: SensorSpec | None = None
    write: str | None = None
    waveform: Waveform | None = None
    modbus: ModbusAddress | None = None
    opcua: OpcUaAddress | None = None
    mqtt: MqttAddress | None = None

    @property
    def address(self) -> ModbusAddress | OpcUaAddress | MqttAddress:
        """Its one address, whatever the protocol."""
        found = self.modbus or self.opcua or self.mqtt
        assert found is not None  # a point without one is refused
        return found

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        low, high = self.range
        if not low < high:
            raise ValueError(f"range [{low}, {high}] is empty; the first number is the lower end")
        if self.every is not None and self.waveform is not None:
            raise ValueError("a waveform comes with every block; take out every, or the waveform")
        if sum(address is not None for address in (self.modbus, self.opcua, self.mqtt)) != 1:
            raise ValueError("a point needs exactly one address: modbus, opcua or mqtt")
        if self.signal is None and self.write is None:
            raise ValueError("a point needs a signal to read, a write to command, or both")
        return self


class RigClock(Strict):
    """Plant time: `block` is the scan, `watermark` how far lockstep advances before it waits for the twin."""

    block: Duration = Field(default=100_000_000, gt=0)
    watermark: Duration = Field(default=500_000_000, gt=0)


class TwinSettings(Strict):
    """What the twin may be told at commissioning."""

    baseline: Seconds = Field(default=40.0, ge=0)
    window: Seconds = Field(default=2.0, gt=0)


class Rig(Strict):
    """What is plugged to what."""

    rig: Identifier
    title: str = ""
    description: str = ""
    clock: RigClock = RigClock()
    assets: tuple[Asset, ...] = Field(min_length=1)
    connections: tuple[Connection, ...] = ()
    plant: PlantSettings = PlantSettings()
    lines: tuple[SerialLine, ...] = ()
    devices: tuple[Device, ...] = Field(min_length=1)
    points: tuple[Point, ...] = Field(min_length=1)
    twin: TwinSettings = TwinSettings()

    @model_validator(mode="after")
    def _lines_speed_is_their_devices(self) -> Self:
        lines = {line.id: line for line in self.lines}
        if lines:
            devices = tuple(
                device.joined(lines[device.line]) if device.line in lines else device for device in self.devices
            )
            object.__setattr__(self, "devices", devices)
        return self

    def asset(self, name: str) -> Any:
        """Return the asset of that id; KeyError if there is none."""
        return {asset.id: asset for asset in self.assets}[name]

    def device(self, name: str) -> Device:
        """Return the device of that id; KeyError if there is none."""
        return {device.id: device for device in self.devices}[name]

    def point(self, name: str) -> Point:
        """Return the point of that id; KeyError if there is none."""
        return {point.id: point for point in self.points}[name]

    def points_of(self, device: str) -> tuple[Point, ...]:
        """Return the points of one device, in file order."""
        return tuple(point for point in self.points if point.device == device)

    def joined(self, kind: str, asset: str) -> tuple[str, ...]:
        """Return the ids that the first connection of `kind` through `asset` joins, in order; empty if none."""
        return next((c.assets for c in self.connections if c.kind == kind and asset in c.assets), ())

    def twin_view(self) -> "Rig":
        """Return the rig as a twin may see it: without the plant's private part and its signal names."""
        points = tuple(
            point.model_copy(update={"signal": None if point.signal is None else "", "write": point.write and ""})
            for point in self.points
        )
        return self.model_copy(update={"plant": PlantSettings(), "points": points})


# --- scenarios ----------------------------------------------------------------------------------------------


class Growth(Strict):
    """How a severity gets from 0 at the onset to its final value."""

    law: Literal["step", "linear", "exponential"] = "step"
    duration: Duration | None = Field(default=None, gt=0)
    doubling_time: Duration | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.law == "linear" and self.duration is None:
            raise ValueError("linear growth needs a duration")
        if self.law == "exponential" and self.doubling_time is None:
            raise ValueError("exponential growth needs a doubling_time")
        return self


GrowthLaw = Annotated[
    Growth | WienerLaw | GammaLaw | ParisLaw | Iso281Law | FoulingLaw | ShockLaw | TaylorLaw,
    Field(discriminator="law"),
]


class FaultSpec(Strict):
    """A change with onset and growth, acting on an asset, a point's sensor, a device or its link."""

    kind: Identifier
    on: str
    onset: Duration = Field(default=0, ge=0)
    severity: float = Field(default=1.0, ge=0, le=1)
    growth: GrowthLaw = Growth()
    until: Duration | None = None
    params: dict[str, float | bool | str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.until is not None and self.until <= self.onset:
            raise ValueError("until must lie after onset")
        return self

    def severity_at(self, t_ns: int) -> float:
        """Severity in [0, 1] at plant time `t_ns` [ns]: 0 before the onset and after `until`.

        Raises
        ------
        ValueError
            The fault grows by a law in damage time: how fast that runs only the plant knows.

        """
        if not isinstance(self.growth, Growth):
            raise ValueError(f"{self.kind} grows by law {self.growth.law}, in damage time; ask the running plant")  # noqa: TRY004
        if t_ns < self.onset or (self.until is not None and t_ns >= self.until):
            return 0.0
        age_ns = t_ns - self.onset
        match self.growth.law:
            case "linear":
                return self.severity * min(1.0, age_ns / (self.growth.duration or 1))
            case "exponential":
                # Starts at 1/32 of the final severity, so that five doublings develop it.
                return self.severity * min(1.0, float(2.0 ** (age_ns / (self.growth.doubling_time or 1) - 5.0)))
            case _:
                return self.severity


class Step(Strict):
    """A command at a time, given at the device's panel, as an operator would."""

    at: Duration = Field(ge=0)
    write: PointId
    value: float | bool


class RepairStep(Strict):
    """A repair of an asset, a point's sensor or a device: `quality` of the damage stays, 0 is as new.

    `mode` names one fault kind or one wear; without it everything there is repaired. During `downtime` the drive of
    the asset stands still.
    """

    at: Duration = Field(ge=0)
    repair: str = Field(max_length=130)
    mode: Identifier | None = None
    quality: float = Field(default=0.0, ge=0, le=1)
    downtime: Duration = Field(default=0, ge=0)


def _step(data: Any) -> str:
    keys = data if isinstance(data, dict) else vars(data)
    return "a repair" if "repair" in keys else "a command"


AnyStep = Annotated[Annotated[Step, Tag("a command")] | Annotated[RepairStep, Tag("a repair")], Discriminator(_step)]


class Detect(Strict):
    """The fault must be found: right name, right place, in time."""

    expect: Literal["detect"]
    fault: Identifier
    on: str
    within: Duration = Field(gt=0)
    as_: tuple[str, ...] = Field(default=(), alias="as")
    at: tuple[str, ...] = ()
    diagnosis: Literal["exact", "any"] = "exact"


class Silent(Strict):
    """No finding without a cause (beyond `allow`)."""

    expect: Literal["silent"]
    maximum: int = Field(default=0, ge=0)


class Lossless(Strict):
    """Nothing lost, nothing misattributed: each received value is the one offered at that source time."""

    expect: Literal["lossless"]
    devices: tuple[Identifier, ...] = ()
    gaps: int = Field(default=0, ge=0)


class Stale(Strict):
    """Loss of the device is declared within a time of the fault's onset."""

    expect: Literal["stale"]
    device: Identifier
    within: Duration = Field(gt=0)


class Recovered(Strict):
    """The device delivers good values again within a time of the fault's end."""

    expect: Literal["recovered"]
    device: Identifier
    within: Duration = Field(gt=0)


Expectation = Annotated[Detect | Silent | Lossless | Stale | Recovered, Field(discriminator="expect")]


class Scenario(Strict):
    """A timeline on a rig, and what must be found."""

    scenario: Identifier
    title: str = ""
    description: str = ""
    duration: Duration = Field(gt=0)
    plant: dict[str, Any] = Field(default_factory=dict)
    faults: tuple[FaultSpec, ...] = ()
    steps: tuple[AnyStep, ...] = ()
    expect: tuple[Expectation, ...] = Field(min_length=1)
    allow: tuple[str, ...] = ()
    show: tuple[PointId, ...] = ()
