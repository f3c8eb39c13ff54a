"""Air through holes: isentropic nozzle flow of an ideal gas, choked below the critical pressure ratio."""

import math

from emulator.kernel import kernel

R_AIR = 287.055
KAPPA = 1.4
CP_AIR = KAPPA * R_AIR / (KAPPA - 1.0)
CV_AIR = R_AIR / (KAPPA - 1.0)
CRITICAL_RATIO = (2.0 / (KAPPA + 1.0)) ** (KAPPA / (KAPPA - 1.0))
CHOKED = math.sqrt(KAPPA * (2.0 / (KAPPA + 1.0)) ** ((KAPPA + 1.0) / (KAPPA - 1.0)))


@kernel
def nozzle(area, pressure, temperature, back, viscous):
    """Return the mass flow [kg/s] through an effective area [m²] from `pressure` [Pa] to `back`; 0 uphill.

    `viscous` [Pa]: drop below which the flow turns linear in it, so that no slope is infinite.
    """
    drop = pressure - back
    if not drop > 0.0 or area <= 0.0 or temperature <= 0.0:
        return 0.0
    ratio = max(back, 0.0) / pressure
    if ratio <= CRITICAL_RATIO:
        shape = CHOKED
    else:
        # ψ² = 2κ/(κ-1) (r^{2/κ} - r^{(κ+1)/κ})
        low = ratio ** (2.0 / KAPPA)
        shape = math.sqrt(max(2.0 * KAPPA / (KAPPA - 1.0) * (low - ratio ** ((KAPPA + 1.0) / KAPPA)), 0.0))
    return area * pressure / math.sqrt(R_AIR * temperature) * shape * math.sqrt(drop / (drop + viscous))
