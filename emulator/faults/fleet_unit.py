"""A fault of one unit of a fleet: what can wear, clog or break there, by its mode."""

import math
from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.fleet import HEALTHY_GRADE_MM_S, PumpFleet
from emulator.physics.kernels import fleet as k
from emulator.physics.rolling_bearing import spall_width_mm
from emulator.physics.rotor import unbalance_grade_mm_s

CRITICAL_SEVERITY = 0.8
MODES = ("impeller_wear", "suction_clogging", "motor_fan_blocked", "bearing_outer_race", "bearing_dry", "imbalance")


class FleetUnit:
    """Severity has the meaning it has for the fault of that name on a single machine; other units are left alone."""

    kind: ClassVar[str] = "fleet_unit"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("pump_fleet",)

    def __init__(self, params: dict[str, Any]) -> None:
        values = parameters(self.kind, params, unit="a00000", mode="impeller_wear")
        self.unit, self.mode = values["unit"], values["mode"]
        if self.mode not in MODES:
            raise ValueError(f"fault {self.kind}: mode = {self.mode!r} must be one of {', '.join(MODES)}")

    def check(self, target: PumpFleet) -> None:
        """Refuse a unit the fleet does not have; asked before the fault is configured."""
        target.unit(self.unit)

    def apply(self, target: PumpFleet, severity: float, t_ns: int) -> None:
        """Set the condition of the unit."""
        i, c = target.unit(self.unit), target.conditions
        if self.mode == "impeller_wear":
            c[k.C_HEAD_GAIN, i] = 1.0 - 0.15 * severity
            c[k.C_LEAK, i] = 0.12 * severity
        elif self.mode == "suction_clogging":
            critical = target.critical_resistance(i) if severity > 0.0 else 0.0
            if math.isinf(critical):
                raise ValueError(f"{self.kind}: no clogging brings unit {self.unit} to cavitate; take another mode")
            c[k.C_SUCTION, i] = critical * severity / CRITICAL_SEVERITY
        elif self.mode == "motor_fan_blocked":
            c[k.C_FAN, i] = severity
        elif self.mode == "bearing_outer_race":
            c[k.C_SPALL, i] = spall_width_mm(severity)
        elif self.mode == "bearing_dry":
            c[k.C_BEARING, i] = 1.0 + 4.0 * severity
        else:
            c[k.C_GRADE, i] = unbalance_grade_mm_s(severity) if severity > 0.0 else HEALTHY_GRADE_MM_S
