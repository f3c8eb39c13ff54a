import math

import numpy as np
import pytest
from pydantic import TypeAdapter

from emulator.joining import AssemblyError
from emulator.physics.check_valve import CheckValve
from emulator.physics.junction import Junction
from emulator.physics.site import Site
from emulator.plant import Plant
from emulator.plumbing import fitting, groups, networks
from emulator.streams import Streams
from rigs.assets import Asset
from rigs.schema import Connection
from tests.emulator.physics.test_water_network import ring, rough
from tests.emulator.skids import direct_on_line


def pipe(*joins):
    return Connection(kind="pipe", joins=joins)


def test_a_loop_of_one_pump_is_no_network_and_all_else_is():
    assets = ring()[1] | {"check9": CheckValve(), "n9": Junction(), "pipe9": rough()}
    alone = pipe("tank1", "suction1", "pump1", "rise1", "tank2")
    assert groups([alone], assets) == []
    assert groups([alone, pipe("tank2", "back", "tank1")], assets) == [[alone, pipe("tank2", "back", "tank1")]]
    checked = pipe("tank1", "suction1", "pump1", "check1", "rise1", "tank2")
    assert groups([checked], assets) == [[checked]]
    other = pipe("tank2", "back", "n9")
    assert len(groups([pipe("tank1", "fall", "n1"), other], assets)) == 2
    built = networks([checked], assets, Site(Streams(1)), driven=())
    assert list(built) == ["water1"]
    assert list(built["water1"].pumps) == ["pump1"]


def test_pipes_that_are_no_network_are_refused_by_name():
    assets = ring()[1]
    with pytest.raises(AssemblyError, match="'check1' ends loose"):
        networks([pipe("tank1", "suction1", "check1")], assets, Site(Streams(1)))


@pytest.mark.slow_without_jit
def test_a_motor_turns_a_pump_in_a_network_as_it_does_in_a_loop():
    """The published skid: the same motor, its pump once in its loop and once in a network of the same pipes."""

    def skid(network):
        plant = Plant(direct_on_line(feedback=False), seed=1)
        train, assets = plant.machines.trains["motor1"], dict(plant.assets)
        if network:
            parts = ("tank1", "suction1", "pump1", "discharge1", "valve1", "tank1.top")
            # the loop counts its lift from the level, the network from the bottom
            discharge = assets["discharge1"]
            lift = discharge.parameters.static_head_m + 1.5
            discharge.parameters = discharge.parameters.__class__(
                discharge.parameters.length_m, discharge.parameters.diameter_m,
                discharge.parameters.resistance_s2_m5, lift,
            )  # fmt: skip
            net = networks([pipe(*parts)], assets, plant.site, driven=("valve1",))["water1"]
            load = net.pumps["pump1"]
            train.pump, train.circuit = None, None
            train.loads.append(load)
            plant.machines.machines["water1"] = net
            train.settle(50.0)
        return plant, train

    plant, train = skid(True)
    assert train.motor.speed_rad_s * 30 / math.pi == pytest.approx(1477.816, abs=0.01)
    pump = plant.assets["pump1"]
    assert pump.flow_m3_s * 3600 == pytest.approx(82.0399, abs=2e-3)
    assert pump.head_m == pytest.approx(33.1362, abs=2e-3)
    assert pump.shaft_power_w == pytest.approx(9726.80, abs=1.0)
    other, loop = skid(False)
    speeds = []
    for p, t in ((plant, train), (other, loop)):
        rows = []
        for i in range(60):
            p.assets["valve1"].place(0.3)
            p._tick(i * 10_000_000)
            rows.append((t.motor.speed_rad_s, p.assets["pump1"].flow_m3_s))
        speeds.append(np.array(rows))
    # The valve slams: flow falls within half a second, and half a tick between flow and shaft is all the difference.
    assert speeds[0][:, 0] == pytest.approx(speeds[1][:, 0], rel=1e-2)
    assert speeds[0][15:, 0] == pytest.approx(speeds[1][15:, 0], rel=2e-5)
    assert speeds[0][15:, 1] == pytest.approx(speeds[1][15:, 1], rel=1e-2)


def test_fittings_are_built_from_their_nameplates():
    adapter = TypeAdapter(Asset)

    def built(level_m=1.5, **plate):
        return fitting(adapter.validate_python({"id": "x", **plate}), {}, level_m)

    pipe_of = {"kind": "pipe", "length": "60 m", "diameter": "80 mm"}
    rough_pipe = built(**pipe_of, roughness="0.045 mm")
    assert rough_pipe.parameters.roughness_m == pytest.approx(4.5e-5)
    f = 0.25 / math.log10(4.5e-5 / 0.08 / 3.7 + 5.74 / 1.595e5**0.9) ** 2  # Swamee and Jain at 2 m/s
    assert rough_pipe.resistance_s2_m5 == pytest.approx(f * 60 / 0.08 / (2 * 9.80665 * 0.0050265**2), rel=0.02)
    assert built(**pipe_of, resistance="1200 s^2/m^5").resistance_s2_m5 == 1200.0
    with pytest.raises(ValueError, match="give resistance"):
        built(**pipe_of)
    closed = built(kind="tank", area="1 m^2", height="2 m", gas_pressure="3 bar")
    assert closed.parameters.gas_pressure_pa == pytest.approx(3e5)
    assert built(kind="control_valve", kvs_m3_h=63, stroke_time="20 s", level="F1").actuator is not None
    assert built(kind="control_valve", kvs_m3_h=63, stroke_time="20 s").actuator is None
    assert built(kind="junction", demand="7.2 m^3/h").parameters.demand_m3_s == pytest.approx(0.002)
    assert built(kind="check_valve").area_m2 == pytest.approx(math.pi / 4 * 0.08**2)
    assert built(kind="water_main", pressure="2 bar").parameters.pressure_pa == pytest.approx(2e5)
