"""The shapes the API speaks in, for its description and for checking what is sent to it."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

MAX_NS = 2**63 - 1


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class TickRequest(_Shape):
    """Where to move the clock."""

    t_ns: int = Field(ge=0, le=MAX_NS, description="plant time to move on to, UTC nanoseconds")


class FindingModel(_Shape):
    """Something the twin noticed."""

    id: str
    fault: str
    on: str = Field(description="id of the asset, point or device")
    category: str = Field(description="condition, sensor, data, device or link")
    state: str = Field(description="open or closed")
    detected_ns: int
    onset_ns: int | None
    closed_ns: int | None
    severity: float | None
    confidence: float
    evidence: dict[str, Any]
    ambiguous: list[str]


class TickModel(_Shape):
    """What one step brought."""

    watermark_ns: int = Field(description="everything up to this time has been taken in")
    findings: list[FindingModel] = Field(description="new and changed findings")
    latency_s: float


class LinkModel(_Shape):
    """How the link to a device stands."""

    device: str
    status: str = Field(description="connected, backoff or down")
    last_good_ns: int | None
    outage_since_ns: int | None
    reconnects: int
    errors: int
    last_error: str | None
    skew_ns: int | None = Field(description="device clock minus twin clock")
    polls: int
    overruns: int = Field(description="polls left out because the one before took too long")


class HealthModel(_Shape):
    """Whether the twin itself is well."""

    status: str = Field(description="ok, degraded (a link is out) or failed (the twin itself is)")
    clock: str
    now_ns: int
    watermark_ns: int | None
    uptime_s: float
    latency_s: float
    failure: str | None
    links: list[LinkModel]
    history: dict[str, Any]


class PointModel(_Shape):
    """A point and its newest reading."""

    id: str
    device: str
    asset: str
    quantity: str
    description: str
    unit: str = Field(description="SI unit of value")
    wire_unit: str
    waveform: bool
    value: float | None = Field(description="newest number; of a waveform the RMS of its newest block")
    quality: int | None = Field(description="OPC UA StatusCode of the newest reading")
    good: bool
    stale: bool
    t_ns: int | None
    received_ns: int | None
    age_s: float | None
    stamp: str | None = Field(description="whose clock t_ns is: source, device_clock or poll")
    n0: int | None
    count: int | None
    rate_hz: float | None


class AssetModel(_Shape):
    """A machine and its condition."""

    id: str
    kind: str
    title: str
    points: list[str]
    joins: dict[str, list[str]]
    condition: Any


class HistoryModel(_Shape):
    """Readings of a point, or blocks of a waveform, oldest first."""

    point: str
    unit: str
    waveform: bool
    rows: list[dict[str, Any]]


class ProblemModel(_Shape):
    """What was wrong with a request."""

    detail: Any
