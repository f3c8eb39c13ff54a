"""The engine on the pump skid: what it finds, where, how soon, and that it keeps quiet otherwise."""

import pytest

from rigs.load import load_rig
from tests.oracles.skid_stream import SkidStream, fault
from twin.batch import Batch, reading
from twin.connectors.base import ConnectorState
from twin.engine import Engine

SECOND = 1_000_000_000
EPOCH = 1_700_000_000 * SECOND
DRIFT = {"per_day": 10.0}  # 0.7 %span/min

pytestmark = pytest.mark.slow_without_jit

VARIED = (
    (90, "vfd1.reference", 40.0),
    (130, "vfd1.reference", 25.0),
    (170, "pid1.setpoint", 30.0),
    (210, "vfd1.reference", 50.0),
    (250, "pid1.setpoint", 95.0),
    (290, "pid1.setpoint", 60.0),
    (330, "vfd1.run", False),
    (365, "vfd1.run", True),
    (420, "pid1.setpoint", 75.0),
)


def found(until_s, *faults, seed=1, waveforms=False, **more):
    return SkidStream(seed=seed, faults=faults, waveforms=waveforms, **more).run(until_s).opened


def test_a_healthy_skid_through_speeds_flows_stops_and_starts_raises_nothing():
    assert found(460, steps=VARIED) == {}


@pytest.mark.parametrize(
    ("kind", "on", "severity", "within_s"),
    [
        ("impeller_wear", "pump1", 0.4, 30),
        ("suction_clogging", "pump1", 0.5, 30),
        ("sensor_bias", "pump1.discharge_pressure", 0.4, 25),
        ("sensor_bias", "pump1.flow", 0.5, 30),
        ("sensor_bias", "meter1.power", 0.4, 25),
        ("sensor_bias", "motor1.frame_temperature", 0.5, 10),
        ("sensor_stuck", "pump1.suction_pressure", 1.0, 15),
        ("sensor_noise", "pump1.discharge_pressure", 0.5, 60),
        ("sensor_saturation", "pump1.discharge_pressure", 0.8, 15),
        ("word_swap", "pump1.discharge_pressure", 1.0, 10),
        ("clock_offset", "plc1", 0.01, 15),
        ("device_restart", "drive1", 1.0, 10),
    ],
)
def test_a_step_is_named_and_placed_in_time(kind, on, severity, within_s):
    opened = found(70 + within_s, fault(kind, on, severity))
    assert set(opened) == {(kind, on)}


def test_a_frozen_device_is_told_from_a_lost_one():
    assert set(found(80, fault("device_freeze", "bus1"))) == {("device_frozen", "bus1")}
    assert set(found(80, fault("device_restart", "bus1", boot_s=8.0))) == {("communication_lost", "bus1")}


def test_a_drifting_pressure_is_told_from_a_worn_impeller():
    drift = found(180, fault("sensor_drift", "pump1.discharge_pressure", **DRIFT, onset_s=70))
    assert set(drift) == {("sensor_drift", "pump1.discharge_pressure")}
    # found before 2 % of span
    assert drift["sensor_drift", "pump1.discharge_pressure"] - 70 < 60 * 2 / 0.694


def test_a_second_fault_is_found_beside_the_first():
    opened = found(
        120,
        fault("sensor_bias", "pump1.discharge_pressure", 0.6),
        fault("sensor_bias", "meter1.power", 0.5, onset_s=90),
    )
    assert set(opened) == {("sensor_bias", "pump1.discharge_pressure"), ("sensor_bias", "meter1.power")}


def test_a_fault_that_ends_is_closed():
    stream = SkidStream(seed=2, waveforms=False, faults=[fault("sensor_stuck", "tank1.level")]).run(85)
    stream.emulation.desk.clear(1, stream.emulation.t_ns)
    stream.run(95)
    assert [(f.fault, f.state) for f in stream.engine.findings] == [("sensor_stuck", "closed")]


def test_the_same_batches_in_other_groupings_give_the_same_findings():
    def run(shuffle):
        stream = SkidStream(seed=3, waveforms=False, faults=[fault("sensor_bias", "pump1.discharge_pressure", 0.5)])
        if shuffle:
            poll = stream._poll
            stream._poll = lambda device, now_ns: list(reversed(poll(device, now_ns)))
        stream.run(90)
        return [finding.as_dict() for finding in stream.engine.findings]

    assert run(shuffle=False) == run(shuffle=True) != []


def test_values_of_bad_quality_are_never_used():
    engine = Engine(load_rig("pump_skid").twin_view())
    links = {"bus1": ConnectorState("connected", EPOCH)}
    for i in range(8):
        now = EPOCH + i * SECOND
        bad = Batch("pump1.discharge_pressure", now, 0, reading("x.y", now, 1e5, now).values, 0x80050000, now)
        engine.ingest([bad, reading("pump1.suction_pressure", now, 8e3 + i, now)], links, now)
    assert [(f.fault, f.on) for f in engine.findings if f.category == "data"] == [
        ("bad_quality", "pump1.discharge_pressure")
    ]
    assert "p_d" not in engine._values()


def test_a_jump_of_the_sample_counter_is_a_gap():
    import numpy as np

    engine = Engine(load_rig("pump_skid").twin_view())
    block = np.random.default_rng(1).standard_normal(12_800).astype(np.float32)
    for i, n0 in enumerate((0, 12_800, 30_000)):
        now = EPOCH + i * SECOND // 2
        batch = Batch("pump1_de.vibration", now, 39_062, block, 0, now, n0, 25_600.0, "source")
        engine.ingest([batch], {}, now)
    assert [(f.fault, f.evidence["missing_samples"]) for f in engine.findings] == [("data_gap", 4400)]


def test_every_asset_and_device_has_a_condition():
    stream = SkidStream(seed=1, waveforms=False, faults=[fault("impeller_wear", "pump1", 0.5)]).run(95)
    assets = stream.engine.assets()
    assert assets["pump1"]["condition"] == "alarm"
    assert assets["pump1"]["health"] == pytest.approx(0.5, abs=0.1)
    assert assets["motor1"]["condition"] == "good"
    assert {"plc1", "drive1", "bus1"} <= set(assets)


@pytest.mark.scenario
@pytest.mark.parametrize(
    ("kind", "on", "severity"),
    [
        ("bearing_outer_race", "pump1_de", 0.5),
        ("bearing_inner_race", "pump1_nde", 0.5),
        ("imbalance", "pump1", 0.4),
    ],
)
def test_what_the_housings_tell(kind, on, severity):
    opened = found(85, fault(kind, on, severity, onset_s=65), waveforms=True, seed=4)
    assert set(opened) == {(kind, on)}
    assert opened[kind, on] - 65 < 20


@pytest.mark.scenario
def test_a_damaged_race_and_a_drifting_sensor_at_once():
    opened = found(
        160,
        fault("bearing_outer_race", "pump1_de", 0.4, onset_s=65),
        fault("sensor_drift", "pump1.discharge_pressure", onset_s=70, **DRIFT),
        waveforms=True,
    )
    assert set(opened) == {("bearing_outer_race", "pump1_de"), ("sensor_drift", "pump1.discharge_pressure")}


@pytest.mark.scenario
def test_a_blocked_fan_warms_the_motor_and_nothing_else():
    assert set(found(200, fault("motor_fan_blocked", "motor1", 1.0))) == {("motor_fan_blocked", "motor1")}


@pytest.mark.scenario
def test_wear_and_a_drifting_pressure_together():
    opened = found(
        280,
        fault("impeller_wear", "pump1", 0.5),
        fault("sensor_drift", "pump1.discharge_pressure", onset_s=120, **DRIFT),
    )
    assert set(opened) == {("impeller_wear", "pump1"), ("sensor_drift", "pump1.discharge_pressure")}


@pytest.mark.data
@pytest.mark.scenario
@pytest.mark.parametrize(
    ("record", "rpm", "expected"),
    [
        ("48k_normal_load0_97a", 1796, set()),
        ("12k_DE_OR007at6_load0_130", 1797, {("bearing_outer_race", "drive_end")}),
        ("12k_DE_IR021_load2_211", 1750, {("bearing_inner_race", "drive_end")}),
    ],
)
def test_recorded_bearings_are_named_without_any_commissioning(record, rpm, expected, recorded_data, monkeypatch):
    monkeypatch.setenv("PLANTBENCH_DATA", str(recorded_data))
    played = {"file": f"cwru/{record}.npz", "channel": "DE", "speed": f"{rpm} rpm"}
    stream = SkidStream(rig="recorded_bearing", plant={"recordings": {"test_rig": played}}).run(9)
    assert set(stream.opened) == expected
