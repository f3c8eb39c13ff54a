"""What each fault of the hydraulic power unit moves, in the order of its grades, and as a public rig recorded it."""

import itertools

import numpy as np
import pytest

from emulator.faults.hpu_accumulator_precharge import HpuAccumulatorPrecharge
from emulator.faults.hpu_air_in_oil import HpuAirInOil
from emulator.faults.hpu_cooler import HpuCooler
from emulator.faults.hpu_cylinder_leak import HpuCylinderLeak
from emulator.faults.hpu_filter_clog import HpuFilterClog
from emulator.faults.hpu_pump_leakage import HpuPumpLeakage
from emulator.faults.hpu_relief_creep import HpuReliefCreep
from emulator.faults.hpu_valve_switching import HpuValveSwitching
from emulator.physics.hydraulic_parameters import HydraulicPowerUnitParameters, Phase
from emulator.physics.hydraulic_power_unit import HydraulicPowerUnit
from emulator.physics.kernels import hydraulic_power_unit as k
from emulator.physics.site import Site
from emulator.streams import Streams

FAULTS = (
    HpuCooler, HpuValveSwitching, HpuPumpLeakage, HpuAccumulatorPrecharge, HpuReliefCreep, HpuAirInOil,
    HpuFilterClog, HpuCylinderLeak,
)  # fmt: skip
# Charge at full pressure, then a stroke that takes more than the pump gives, back, and pressure let off.
CYCLE = (Phase(0.0, 0.0, 1.0), Phase(0.5, 1.0, 1.0), Phase(3.0, -0.6, 1.0), Phase(4.5, 0.0, 0.3))


def stroke(faults=(), seconds=6.0, warm=True):
    """A cycle with faults [(class, severity)]: the unit, and its signals per tick as arrays."""
    site = Site(Streams(5), warm=warm)
    hpu = HydraulicPowerUnit(HydraulicPowerUnitParameters(cycle=CYCLE, cycle_s=6.0), site, "hpu1")
    for fault, severity in faults:
        fault({}).apply(hpu, severity, 0)
    hpu.start()
    rows = []
    for i in range(round(seconds * 100)):
        hpu.tick(i * 10_000_000)
        rows.append(hpu.signals())
    return hpu, {name: np.array([row[name] for row in rows]) for name in rows[0]}


def reservoir(seen):
    return float(seen["reservoir_temperature_k"][0])


def rise_time(seen):
    """When the pressure behind the valve has come to 20 bar after it was switched at 0.5 s."""
    pressure = seen["cap_pressure_pa"]
    first = 50 + int(np.argmax(seen["piston_position_m"][50:] > 0.05))
    return float(first + (2e6 - pressure[first]) * 1e-12)


def lost_flow(seen):
    return -float(seen["pump_flow_m3_s"].mean())


def sag(seen):
    """How far the supply pressure falls right after the switch, while every grade still has oil to give."""
    return -float(seen["supply_pressure_pa"][53:60].mean())


GRADED = {
    "cooler": (HpuCooler, (0.0, 0.5, 1.0), reservoir),
    "valve": (HpuValveSwitching, (0.0, 1 / 3, 2 / 3, 1.0), rise_time),
    "pump": (HpuPumpLeakage, (0.0, 0.5, 1.0), lost_flow),
    "accumulator": (HpuAccumulatorPrecharge, (0.0, 1 / 3, 2 / 3, 1.0), sag),
}


@pytest.fixture(scope="module")
def healthy():
    return stroke()[1]


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("others", [0.0, 0.25])
@pytest.mark.parametrize("part", GRADED)
def test_each_grade_orders_its_feature_with_the_others_fixed(part, others):
    fault, grades, feature = GRADED[part]
    rest = [(GRADED[name][0], others) for name in GRADED if name != part]
    values = [feature(stroke([(fault, grade), *rest], 1.0 if part != "pump" else 3.0)[1]) for grade in grades]
    assert all(b > a for a, b in itertools.pairwise(values)), values


def test_grades_are_those_of_the_public_rig():
    hpu = stroke(seconds=0.0 + 0.01)[0]
    got = {}
    for fault, field in (
        (HpuCooler, "cooler_share"), (HpuValveSwitching, "valve_share"), (HpuPumpLeakage, "leak_factor"),
        (HpuAccumulatorPrecharge, "precharge_pa"),
    ):  # fmt: skip
        steps = 2 if field in ("cooler_share", "leak_factor") else 3
        got[field] = []
        for i in range(1, steps + 1):
            fault({}).apply(hpu, i / steps, 0)
            got[field].append(getattr(hpu.condition, field))
    assert got["cooler_share"] == [0.20, 0.03]
    assert got["valve_share"] == [0.90, 0.80, 0.73]
    assert got["leak_factor"] == [3.0, 8.0]
    assert got["precharge_pa"] == pytest.approx([115e5, 100e5, 90e5])


# feature -> (how to read it, the change that counts as one)
FEATURES = {
    "T": (reservoir, 0.5),
    "flow": (lambda s: float(s["pump_flow_m3_s"].mean()) * 6e4, 0.1),
    "power": (lambda s: float(s["motor_power_w"].mean()), 60.0),
    "force": (lambda s: float(s["press_force_n"].max()), 500.0),
    "filter": (lambda s: float((s["pump_pressure_pa"] - s["supply_pressure_pa"]).max()), 0.5e5),
    "cooling": (lambda s: float(s["cooling_efficiency"].mean()), 0.02),
}


@pytest.mark.slow_without_jit
@pytest.mark.parametrize(
    ("fault", "signs"),
    [
        (HpuCooler, {"T": "+", "flow": "-", "force": "0", "cooling": "-"}),
        (HpuReliefCreep, {"power": "-", "force": "-", "cooling": "0"}),
        (HpuFilterClog, {"filter": "+", "T": "0", "force": "0", "cooling": "0"}),
        (HpuAirInOil, {"T": "0", "flow": "0", "force": "0", "cooling": "0"}),
    ],
)
def test_signs_at_half_severity(fault, signs, healthy):
    got = stroke([(fault, 0.5)])[1]
    found = {}
    for name in signs:
        read, threshold = FEATURES[name]
        change = read(got) - read(healthy)
        found[name] = "0" if abs(change) < threshold else "+" if change > 0.0 else "-"
    assert found == signs


@pytest.mark.slow_without_jit
def test_relief_creep_takes_a_fifth_of_the_pressure(healthy):
    got = stroke([(HpuReliefCreep, 1.0)])[1]
    assert got["pump_pressure_pa"].max() / healthy["pump_pressure_pa"].max() == pytest.approx(0.8, abs=0.01)


@pytest.mark.slow_without_jit
def test_air_in_the_oil_slows_the_rise_of_pressure():
    """Blocked pump line: dp/dt = β Q/V, a fifth of it at s = 1."""
    slopes = []
    for severity in (0.0, 0.5, 1.0):
        hpu, _ = stroke([(HpuAirInOil, severity)], 0.01, warm=False)
        a, s = hpu._p, hpu.state
        s[:] = 0.0
        s[k.S_SUPPLY], s[k.S_GAS_M3], s[k.S_GAS_0] = 100e5, 0.75e-3, 293.15
        a[k.P_FLOW] = 1e-4
        k.advance(s, hpu.spool, hpu.mode, a, 0.0, 1e-5, 100, hpu._sums, hpu.times)
        slopes.append(s[k.S_PUMP] / 1e-3)
        assert slopes[-1] == pytest.approx(a[k.P_BETA] * 1e-4 / 0.5e-3, rel=0.02)
    assert slopes[2] / slopes[0] == pytest.approx(0.2, rel=0.01)
    assert slopes[0] > slopes[1] > slopes[2]


@pytest.mark.slow_without_jit
def test_a_cut_seal_lets_the_pressed_piston_drift_back():
    """Valve shut at full press: the work piece pushes the piston back, the faster the bigger the hole."""
    drifts = []
    for severity in (0.0, 0.3, 1.0):
        hpu, _ = stroke((), 2.9)
        HpuCylinderLeak({}).apply(hpu, severity, 0)
        hpu.cycling = False
        start = hpu.state[k.S_PLACE]
        for i in range(290, 490):
            hpu.tick(i * 10_000_000)
        drifts.append(float(start - hpu.state[k.S_PLACE]))
    assert drifts[0] < drifts[1] < drifts[2]
    assert drifts[2] > 0.01


@pytest.mark.slow_without_jit
def test_a_clogged_filter_takes_six_times_the_drop():
    drops = []
    for severity in (0.0, 1.0):
        hpu, seen = stroke([(HpuFilterClog, severity)], 1.2)
        thick = hpu.oil.thin(0)
        drops.append((seen["pump_pressure_pa"] - seen["supply_pressure_pa"])[80:110] / thick)
        flow = seen["supply_flow_m3_s"][80:110]
        drops[-1] = float((drops[-1] / flow).mean())
    assert drops[1] / drops[0] == pytest.approx(6.0, rel=0.05)


@pytest.mark.parametrize("fault", FAULTS)
def test_no_severity_is_no_fault(fault):
    sound, _ = stroke((), 0.6)
    touched, _ = stroke([(fault, 1.0), (fault, 0.0)], 0.6)
    assert touched.signals() == sound.signals()
    assert touched.condition == sound.condition
    again, _ = stroke([(fault, 0.7), (fault, 0.7)], 0.02)
    assert again.condition != sound.condition
    with pytest.raises(ValueError, match=f"fault {fault.kind} has no parameter 'grade'; it takes none"):
        fault({"grade": 1.0})


# recorded channel -> signal of the plant
RECORDED = {
    "TS1": "pump_temperature_k", "TS2": "return_temperature_k", "TS3": "reservoir_temperature_k",
    "TS4": "cooler_outlet_temperature_k", "VS1": "vibration_velocity_m_s", "CE": "cooling_efficiency",
    "CP": "cooling_power_w", "FS1": "pump_flow_m3_s", "FS2": "cooling_flow_m3_s", "SE": "efficiency_factor",
}  # fmt: skip


@pytest.mark.data
@pytest.mark.slow_without_jit
@pytest.mark.parametrize(
    ("column", "pair", "fault", "severities", "channels"),
    [
        (0, (100, 20), HpuCooler, (0.0, 0.5), "TS1 TS2 TS3 TS4 VS1 CE CP FS1 FS2"),
        (2, (1, 2), HpuPumpLeakage, (0.5, 1.0), "FS1 SE"),
    ],
)
def test_signs_are_those_a_real_rig_recorded(recorded_data, column, pair, fault, severities, channels):
    """Median over the cycles of each combination of the other three states, one grade against the next."""
    folder = recorded_data / "hydraulic_uci" / "cycles.npz"
    if not folder.is_file():
        pytest.skip(f"no recorded hydraulic rig at {folder}")
    record = np.load(folder)
    profile = record["profile"]
    others = np.delete(profile[:, :4], column, axis=1)
    low, high = (stroke([(fault, severity)], 6.0)[1] for severity in severities)
    for channel in channels.split():
        mean = record[channel].mean(axis=1)
        changes = []
        for state in np.unique(others, axis=0):
            same = (others == state).all(axis=1)
            a, b = (mean[same & (profile[:, column] == grade)] for grade in pair)
            if len(a) and len(b):
                changes.append(np.median(b) - np.median(a))
        assert len(changes) >= 5
        recorded = np.sign(np.median(changes))
        name = RECORDED[channel]
        assert np.sign(high[name].mean() - low[name].mean()) == recorded, channel


@pytest.mark.slow_without_jit
def test_a_weak_solenoid_is_late_and_short():
    late = []
    for severity, share in ((0.0, 1.0), (1.0, 0.73)):
        _, seen = stroke([(HpuValveSwitching, severity)], 1.5)
        spool = seen["spool_position"][50:]
        assert spool[-1] == pytest.approx(share, abs=1e-6)  # the stroke's share of the command
        late.append(int(np.argmax(spool > 0.9 * spool[-1])))
    # A natural frequency of 0.73^6 of 40 Hz takes six times as long.
    assert late[1] >= 3 * (late[0] + 1)  # in ticks: 1 and 7 of them
