"""Slipping or mistracking conveyor belt."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.packaging_line import PackagingLine


class ConveyorBeltSlip:
    """Slip 0.2 s of the belt on its drum, or with `mode: mistrack` drag at the edge."""

    kind: ClassVar[str] = "conveyor_belt_slip"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("packaging_line",)

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, station="", mode="slip")
        if given["mode"] not in ("slip", "mistrack"):
            raise ValueError(f"fault {self.kind}: mode = {given['mode']!r} must be 'slip' or 'mistrack'")
        self._mode = str(given["mode"])
        self._station = str(given["station"])

    def check(self, target: PackagingLine) -> None:
        """Refuse a station that the line does not have; asked before the fault is configured."""
        target.station(self._station)

    def apply(self, target: PackagingLine, severity: float, t_ns: int) -> None:
        """Set the station's condition."""
        index = target.station(self._station)
        c = target.belts[index].condition
        c.slip = 0.2 * severity if self._mode == "slip" else 0.0
        c.edge_drag = severity if self._mode == "mistrack" else 0.0
