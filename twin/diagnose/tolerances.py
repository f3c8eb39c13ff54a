"""How far a healthy machine may stand from its expectation: data-sheet tolerances and sensor classes.

Model tolerances are shares of rated values as acceptance standards and catalogues give them (ISO 9906 grade 2 for
pump head and power, IEC 60534 for valve flow, IEC 60034-1 for motor losses). What remains after commissioning
is set to an eighth of them: the shape of a curve is known better than its level.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rigs.schema import Rig
    from twin.models.skid import SkidModel

REST_OF_MODEL = 0.125
REST_OF_CLASS = 0.2


def model_tolerances(rig: Rig, model: SkidModel, spans: dict[str, float]) -> dict[str, tuple[float, float]]:
    """Return relation → (span, tolerance σ) in the relation's own unit. `spans` maps role to measuring span."""
    head = model.pump.shutoff_head_m if model.pump else 40.0
    power = model.motor_rated_w if model.motor else 15e3
    speed = model.motor_rated_rad_s if model.motor else 150.0
    torque = power / speed
    amps = next((a.current for a in rig.assets if a.kind == "induction_motor"), 30.0)
    volts = model.motor.voltage_v if model.motor else 400.0
    return {
        "pump_curve": (1.25 * head, 0.020 * head),
        "power": (1.25 * power, 0.025 * power),
        "system": (1.25 * head, 0.040 * head),
        "suction": (0.5 * head, 0.006 * head),
        "speed": (1.2 * speed, 0.003 * speed),
        "torque": (2.0 * torque, 0.030 * torque),
        "current": (2.0 * amps, 0.040 * amps),
        "drive_current": (2.0 * amps, 0.010 * amps),
        "voltage": (1.2 * volts, 0.040 * volts),
        "apparent": (1.25 * power, 0.010 * power),
        "reactive": (1.25 * power, 0.015 * power),
        "dc_link": (spans.get("dc_link", 1000.0), 0.015 * spans.get("dc_link", 1000.0)),
        "valve": (1.0, 0.008),
        "inventory": (spans.get("level", 2.5), 0.010 * spans.get("level", 2.5)),
    }
