"""Variants of the shipped skid that plant tests share."""

import math
from functools import cache

from emulator.physics.control_valve import ControlValve, ControlValveParameters
from rigs.load import load_rig
from rigs.schema import Rig

SYSTEM = 44_550.0  # s²/m⁵, published system curve H = 10 + 44550 Q²


@cache
def _shipped() -> Rig:
    return load_rig("pump_skid")


def skid(**plant) -> Rig:
    """The shipped rig, with fields of its plant section replaced."""
    rig = _shipped()
    return rig.model_copy(update={"plant": rig.plant.model_copy(update=plant)})


def with_block(rig: Rig, milliseconds: int) -> Rig:
    """The rig with another block length."""
    return rig.model_copy(update={"clock": rig.clock.model_copy(update={"block": milliseconds * 1_000_000})})


def direct_on_line(feedback: bool = True, start: str = "warm", **plant) -> Rig:
    """The skid without drive and with the valve where the whole loop is H = 10 + 44550 Q²."""
    rig = _shipped()
    pipes = sum(rig.asset(name).resistance for name in ("suction1", "discharge1"))
    declared = rig.asset("valve1")
    valve = ControlValve(ControlValveParameters(declared.kvs_m3_h, declared.rangeability, declared.stroke_time))
    position = valve.position_for(SYSTEM - pipes)
    settings = rig.plant.model_copy(update={
        "start": start,
        "initial": {"motor1.run": True, "pid1.auto": False, "pid1.manual_output": position},
        "parameters": {"motor1": {"temperature_feedback": feedback, "winding_limit_k": 600.0}},
        **plant,
    })  # fmt: skip
    return rig.model_copy(update={
        "assets": tuple(a for a in rig.assets if a.kind != "vfd"),
        "connections": tuple(c for c in rig.connections if c.kind != "wire"),
        "points": tuple(
            p for p in rig.points if not (p.asset.startswith("vfd") or (p.signal or "").startswith("vfd"))
        ),
        "plant": settings,
    })  # fmt: skip


RPM = 30.0 / math.pi
