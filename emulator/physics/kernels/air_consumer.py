"""What consumers of compressed air take at a pressure."""

from emulator.kernel import kernel
from emulator.physics.kernels.air import nozzle


@kernel
def taken(demand, regulated, pressure, temperature, back, rated_pressure, spare, viscous):
    """Return the mass flow [kg/s] of a demand [kg/s at rated pressure].

    A share `regulated` keeps its flow as long as its valves, `spare` times as wide as needed, let it; the rest are
    open nozzles that pass what the pressure pushes.
    """
    if demand <= 0.0:
        return 0.0
    full = nozzle(1.0, rated_pressure, temperature, back, viscous)
    if full <= 0.0:
        return 0.0
    here = nozzle(demand / full, pressure, temperature, back, viscous)
    return (1.0 - regulated) * here + regulated * min(demand, spare * here)
