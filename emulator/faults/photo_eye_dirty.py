"""Dirty photo-eye: it misses parts, or counts them twice."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.packaging_line import PackagingLine


class PhotoEyeDirty:
    """Of the parts that pass, 0.2 s are missed, or counted twice with `mode: double`."""

    kind: ClassVar[str] = "photo_eye_dirty"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("packaging_line",)

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, station="", mode="miss")
        if given["mode"] not in ("miss", "double"):
            raise ValueError(f"fault {self.kind}: mode = {given['mode']!r} must be 'miss' or 'double'")
        self._mode = str(given["mode"])
        self._station = str(given["station"])

    def check(self, target: PackagingLine) -> None:
        """Refuse a station that the line does not have; asked before the fault is configured."""
        target.station(self._station)

    def apply(self, target: PackagingLine, severity: float, t_ns: int) -> None:
        """Set the station's condition."""
        index = target.station(self._station)
        c, share = target.condition, 0.2 * severity
        c.eye_miss[index] = share if self._mode == "miss" else 0.0
        c.eye_double[index] = share if self._mode == "double" else 0.0
