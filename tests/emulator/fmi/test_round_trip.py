"""An exported asset does what the native one does, in FMPy's hands and back in a plant."""

import json
from pathlib import Path

import fmpy
import numpy as np
import pytest
from fmpy.validation import validate_fmu

from emulator.fmi.export import ExportError, describe, export
from emulator.fmi.units import MachineUnit, unit_of
from emulator.physics.machine import kinds
from emulator.physics.site import Site
from emulator.plant import Plant
from emulator.streams import Streams
from rigs.assets import nameplates
from rigs.load import load_rig, load_with_document, shipped
from tests.emulator.fmus import rig_in

TICK_NS = 10_000_000
TICKS = 60
TOLERANCE = 1e-9

RECEIVER = "{id: receiver1, kind: air_receiver, volume: 1 m^3, pressure: 7.2 bar, safety_valve: 11 bar}"
EXCHANGER = (
    "{id: cooler1, kind: heat_exchanger, arrangement: counter_flow, area: 6 m^2, conductance: 15690 W/K, "
    "hot_flow: 2.5 kg/s, cold_flow: 2.5 kg/s, hot_inlet: 80 degC, pressure_drop: 20 kPa}"
)
HALL = "{id: hall1, kind: air_consumer, flow: 5.0 m^3/min, pressure: 7 bar, start_of_run: 10 h}"


def close(got, wanted):
    scale = max(abs(wanted), 1e-3)
    return abs(got - wanted) <= TOLERANCE * scale


def simulated(path, inputs, outputs, ticks=TICKS, **start):
    """Return what FMPy's simulator makes of an FMU, ticks x outputs; `inputs`: arrays over the ticks."""
    t = np.arange(ticks + 1) * 0.01
    table = np.zeros(ticks + 1, dtype=[("time", float), *((name, float) for name in inputs)])
    table["time"] = t
    for name, values in inputs.items():
        table[name][:ticks], table[name][ticks] = values, values[-1]
    result = fmpy.simulate_fmu(
        str(path), stop_time=ticks * 0.01, step_size=0.01, output_interval=0.01, input=table, output=outputs,
        start_values=start, validate=True, use_event_mode=False,
    )  # fmt: skip
    assert result["time"][1:] == pytest.approx(t[1:])
    return np.stack([result[name][1:] for name in outputs], axis=1)


def receiver_alone():
    plate = nameplates()["air_receiver"].model_validate(
        {"id": "receiver1", "kind": "air_receiver", "volume": "1 m^3", "pressure": "7.2 bar", "safety_valve": "11 bar"}
    )
    machine = kinds()["air_receiver"].build(plate, {}, Site(Streams(1)))
    machine.ports["air"].joined = True
    return machine


@pytest.mark.parametrize("fmi", [2, 3])
def test_a_receiver_in_fmpys_hands_equals_the_native_one(tmp_path, fmi):
    rig_in(tmp_path, f"assets: [{RECEIVER}, {HALL}]\nconnections: [{{kind: gas, joins: [receiver1, hall1]}}]\n")
    out = tmp_path / "receiver.fmu"
    names = export(tmp_path / "rig.yaml", "receiver1", out, fmi)
    assert validate_fmu(str(out)) == []
    assert {"port.air.flow", "port.air.potential", "site.ambient_k", "parameter.volume_m3", "pressure_pa"} <= set(names)
    inward = 0.1 + 0.05 * np.sin(np.arange(TICKS) / 7.0)
    flow = inward - 0.5
    met = np.linspace(300.0, 340.0, TICKS)
    outputs = ["pressure_pa", "temperature_k", "dew_point_k", "port.air.potential"]
    inputs = {"port.air.flow": flow, "port.air.inward": inward, "port.air.met_k": met}
    got = simulated(out, inputs, outputs)
    native, port = receiver_alone(), None
    native.start()
    port = native.ports["air"]
    for tick in range(TICKS):
        port.flow, port.inward, port.met_k = flow[tick], inward[tick], met[tick]
        native.tick(tick * TICK_NS)
        wanted = native.signals() | {"port.air.potential": port.potential}
        assert all(close(value, wanted[name]) for name, value in zip(outputs, got[tick], strict=True)), tick
    assert abs(got[-1, 0] - got[0, 0]) > 100.0


@pytest.mark.parametrize("fmi", [2, 3])
def test_a_fan_on_a_given_shaft_equals_the_native_one(tmp_path, fmi):
    out = tmp_path / "fan.fmu"
    export("fan_stand", "fan1", out, fmi)
    assert validate_fmu(str(out)) == []
    rig = load_rig("fan_stand")
    native = kinds()["fan"].build(rig.asset("fan1"), rig.plant.parameters.get("fan1", {}), Site(Streams(1)))
    start = Plant(rig, 1).machines.trains["motor1"].motor.speed_rad_s
    speed = start * (1.0 - 0.1 * np.sin(np.arange(TICKS) / 9.0))
    damper = np.where(np.arange(TICKS) < 20, 1.0, 0.4)
    outputs = ["speed_rad_s", "flow_m3_s", "pressure_pa", "shaft.torque_nm", "shaft.radial_load_n"]
    got = simulated(out, {"shaft.speed_rad_s": speed, "command.damper": damper}, outputs)
    for name, value in rig.plant.initial.items():
        if name.startswith("fan1."):
            native.commands()[name[5:]](float(value))
    native.settle(speed[0])
    for _ in range(3):
        native.start()
    for tick, w in enumerate(speed):
        if tick == 20:
            native.commands()["damper"](0.4)
        native.tick(tick * TICK_NS)
        native.half_step(w, 0.005)
        native.half_step(w, 0.005)
        native.account(w, 0.01)
        here = native.signals() | {"shaft.torque_nm": native.load(w)[0], "shaft.radial_load_n": native.radial_load_n}
        assert all(close(value, here[name]) for name, value in zip(outputs, got[tick], strict=True)), tick
    assert np.ptp(got[:, 3]) > 1.0


@pytest.mark.parametrize("fmi", [2, 3])
def test_a_pump_with_its_train_equals_the_native_plant(tmp_path, fmi):
    out = tmp_path / "pump.fmu"
    export("pump_skid", "pump1", out, fmi)
    assert validate_fmu(str(out)) == []
    native = Plant(load_rig("pump_skid"), 1)
    outputs = ["pump1.flow_m3_s", "pump1.head_m", "motor1.speed_rad_s", "motor1.winding_temperature_k", "tank1.level_m"]
    hertz = np.where(np.arange(TICKS) < 30, native.signals["vfd1.reference_hz"], 40.0)
    got = simulated(out, {"command.vfd1.frequency_hz": hertz}, outputs)
    native.step(), native.step(), native.step()
    native.command("vfd1.frequency_hz", 40.0)
    native.step(), native.step(), native.step()
    assert all(close(value, native.signals[name]) for name, value in zip(outputs, got[-1], strict=True))
    assert got[-1, 0] < got[0, 0]


@pytest.mark.parametrize("fmi", [2, 3])
def test_an_exchanger_back_in_a_plant_equals_the_native_one(tmp_path, fmi):
    rig_in(tmp_path, f"assets: [{EXCHANGER}]\n")
    export(tmp_path / "rig.yaml", "cooler1", tmp_path / "cooler.fmu", fmi)
    rig = rig_in(
        tmp_path,
        f"assets:\n  - {EXCHANGER}\n  - {{id: unit1, kind: fmu, file: cooler.fmu, timeout: 20 s}}\n",
        "both.yaml",
    )
    plant = Plant(rig, 1)
    for block in range(16):
        if block == 3:
            plant.command("cooler1.cold_flow_kg_s", 1.0)
            plant.command("unit1.cold_flow_kg_s", 1.0)
        if block == 6:
            plant.site.ambient_k = plant.site.cooling_water_k = 300.0
        plant.step()
        native = {n.partition(".")[2]: v for n, v in plant.signals.items() if n.startswith("cooler1.")}
        assert all(close(plant.signals[f"unit1.{name}"], value) for name, value in native.items()), block
        if block == 8:
            saved = plant.save()
        if block == 12:
            late = dict(plant.signals)
    plant.restore(saved)
    for _ in range(4):
        plant.step()
    assert dict(plant.signals) == late
    other = Plant(rig, 1)
    other.restore(saved)
    for _ in range(4):
        other.step()
    assert dict(other.signals) == late


def test_a_receiver_back_on_its_net_equals_the_native_one(tmp_path):
    net = "connections: [{kind: gas, joins: [receiver1, hall1]}]\n"
    native = Plant(rig_in(tmp_path, f"assets: [{RECEIVER}, {HALL}]\n{net}"), 1)
    export(tmp_path / "rig.yaml", "receiver1", tmp_path / "receiver.fmu")
    unit = (
        "{id: receiver1, kind: fmu, file: receiver.fmu, ports: {air: {medium: gas, gives: potential}}, timeout: 20 s}"
    )
    foreign = Plant(rig_in(tmp_path, f"assets: [{unit}, {HALL}]\n{net}", "foreign.yaml"), 1)
    for _ in range(20):
        native.step()
        foreign.step()
        assert foreign.signals["receiver1.alive"] == 1.0
        wrong = [n for n, value in native.signals.items() if not close(foreign.signals[n], value)]
        assert wrong == []
    assert native.signals["receiver1.pressure_pa"] < 8.2e5


def test_a_units_block_length_changes_nothing_and_it_reads_other_assets(tmp_path):
    rig_in(tmp_path, f"assets: [{EXCHANGER}]\n")
    export(tmp_path / "rig.yaml", "cooler1", tmp_path / "cooler.fmu")
    text = (
        f"assets:\n  - {EXCHANGER}\n  - id: unit1\n    kind: fmu\n    file: cooler.fmu\n    timeout: 20 s\n"
        "    inputs: {command.hot_inlet_temperature_k: cooler1.hot_outlet_temperature_k, site.ambient_k: site.ambient_k}\n"
        "    outputs: {duty_w: duty_w, outlet_k: hot_outlet_temperature_k}\n"
    )
    rows = []
    for block in (10_000_000, 50_000_000):
        rig = rig_in(tmp_path, text, "two.yaml")
        plant = Plant(rig.model_copy(update={"clock": rig.clock.model_copy(update={"block": block})}), 1)
        while plant.t_ns < 2_000_000_000:
            plant.step()
        rows.append({name: value for name, value in plant.signals.items() if name.startswith("unit1.")})
    assert rows[0] == rows[1]
    assert set(rows[0]) == {"unit1.alive", "unit1.failures", "unit1.duty_w", "unit1.outlet_k"}
    assert rows[0]["unit1.outlet_k"] < plant.signals["cooler1.hot_outlet_temperature_k"]


def test_parameters_change_the_exported_machine(tmp_path):
    rig_in(tmp_path, f"assets: [{RECEIVER}, {HALL}]\nconnections: [{{kind: gas, joins: [receiver1, hall1]}}]\n")
    out = tmp_path / "receiver.fmu"
    export(tmp_path / "rig.yaml", "receiver1", out)
    flow = {"port.air.flow": np.full(20, -0.1)}
    small, large = (
        simulated(out, flow, ["pressure_pa"], 20, **{"parameter.volume_m3": volume}) for volume in (1.0, 2.0)
    )
    fall = [values[0, 0] - values[-1, 0] for values in (small, large)]
    assert fall[0] == pytest.approx(2.0 * fall[1], rel=1e-2)


def test_a_step_that_is_no_multiple_of_the_tick_is_refused(tmp_path):
    rig_in(tmp_path, f"assets: [{EXCHANGER}]\n")
    told = describe(*load_with_document(tmp_path / "rig.yaml"), "cooler1")
    unit = unit_of(told)
    unit.begin()
    with pytest.raises(ValueError, match="multiples of the 10 ms tick"):
        unit.step(0.0, 0.015)
    with pytest.raises(ValueError, match="multiples of the 10 ms tick"):
        unit.step(0.004, 0.01)


def test_the_same_asset_gives_the_same_file_and_it_says_what_it_needs(tmp_path):
    for name in ("a.fmu", "b.fmu"):
        export("exchanger_loop", "exchanger1", tmp_path / name)
    assert (tmp_path / "a.fmu").read_bytes() == (tmp_path / "b.fmu").read_bytes()
    folder = fmpy.extract(tmp_path / "a.fmu", tmp_path / "out")
    text = (Path(folder) / "documentation/index.html").read_text(encoding="utf-8")
    assert "pip install plantbench" in text


def test_what_cannot_be_exported_is_refused(tmp_path, monkeypatch):
    with pytest.raises(ExportError, match="no asset 'fan9' in fan_stand; there are: "):
        export("fan_stand", "fan9", tmp_path / "a.fmu")
    with pytest.raises(ExportError, match="fmi = 1 must be 2 or 3"):
        export("fan_stand", "fan1", tmp_path / "a.fmu", 1)
    rig_in(tmp_path, f"assets: [{EXCHANGER}]\n")
    export(tmp_path / "rig.yaml", "cooler1", tmp_path / "cooler.fmu")
    rig_in(tmp_path, "assets: [{id: unit1, kind: fmu, file: cooler.fmu}]\n", "foreign.yaml")
    with pytest.raises(ExportError, match="unit1 is an FMU already"):
        export(tmp_path / "foreign.yaml", "unit1", tmp_path / "b.fmu")
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None)
    with pytest.raises(ExportError, match=r"exporting needs pythonfmu3; install it: pip install plantbench\[fmi\]"):
        export("fan_stand", "fan1", tmp_path / "a.fmu", 3)


def machines():
    for name in shipped():
        rig = load_rig(name)
        seen = set()
        for asset in rig.assets:
            if asset.kind in kinds() and asset.kind not in seen:
                seen.add(asset.kind)
                yield pytest.param(name, asset.id, id=f"{name}-{asset.id}")


@pytest.mark.slow_without_jit
@pytest.mark.parametrize(("rig", "asset"), list(machines()))
def test_every_machine_of_the_shipped_rigs_can_be_a_unit(rig, asset):
    told = json.loads(json.dumps(describe(*load_with_document(rig), asset)))
    unit = unit_of(told)
    assert isinstance(unit, MachineUnit)
    unit.begin()
    unit.step(0.0, 0.05)
    saved = unit.save()
    unit.step(0.05, 0.05)
    late = unit.outputs()
    assert late
    assert all(np.isfinite(list(late.values())))
    unit.restore(saved)
    unit.step(0.05, 0.05)
    assert unit.outputs() == late
