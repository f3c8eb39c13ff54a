"""A pump in its own loop of pipes, as a load on a shaft that something other than its motor turns: a gear."""

from emulator.physics.centrifugal_pump import CentrifugalPump
from emulator.physics.circuit import Circuit
from emulator.physics.kernels.hydraulics import O_TORQUE_CURVATURE, O_TORQUE_SLOPE


class CircuitPump:
    """Pump and loop behind the `ShaftLoad` face; the pump turns with its shaft."""

    def __init__(self, pump: CentrifugalPump, circuit: Circuit) -> None:
        self.pump, self.circuit = pump, circuit

    @property
    def inertia_kg_m2(self) -> float:
        """Moment of inertia of the impeller and its water [kg m²]."""
        return self.pump.parameters.inertia_kg_m2

    @property
    def radial_load_n(self) -> float:
        """Radial load per bearing [N]."""
        return self.pump.radial_load_n

    def half_step(self, speed_rad_s: float, dt_s: float) -> None:
        """Advance the flow at constant speed."""
        self.pump.advance_flow(self.circuit, speed_rad_s, dt_s)

    def load(self, speed_rad_s: float) -> tuple[float, float, float]:
        """Return torque [N m], slope [N m s] and curvature [N m s²] at the flow of the last step."""
        out = self.pump.out
        return self.pump.torque_nm, float(out[O_TORQUE_SLOPE]), float(out[O_TORQUE_CURVATURE])

    def account(self, speed_rad_s: float, dt_s: float) -> None:
        """Note the tick and move the water between the tanks."""
        self.pump.account(self.circuit, speed_rad_s)
        self.circuit.advance(self.pump.flow_m3_s, dt_s)

    def settle(self, speed_rad_s: float) -> float:
        """Come to the steady flow at a speed; return the torque [N m]."""
        torque = self.pump.steady(self.circuit, speed_rad_s)
        self.pump.settle_casing(self.circuit)
        return torque
