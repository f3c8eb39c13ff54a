"""The screw compressor: its targets, the band it keeps, its oil, its sound, and what the shaft sees of it."""

import itertools
import math

import numpy as np
import pytest

from emulator.physics import air
from emulator.physics.air_consumer import AirConsumer, AirConsumerParameters
from emulator.physics.air_receiver import AirReceiver, AirReceiverParameters
from emulator.physics.compressor_control import ControlParameters, LoadControl
from emulator.physics.drive_train import DriveTrain
from emulator.physics.induction_motor import InductionMotor, InductionMotorParameters
from emulator.physics.machine import OwnShaft, ShaftLoad
from emulator.physics.ports import Junction
from emulator.physics.screw_compressor import ScrewCompressor
from emulator.physics.screw_parameters import ScrewParameters
from emulator.physics.site import Site
from emulator.physics.vfd import Vfd, VfdParameters
from emulator.streams import Streams
from rigs.assets.screw_compressor import ScrewCompressor as Nameplate

TICK_NS = 10_000_000
FAD = 6.1 / 60.0


def screw(site=None, control=None, warm=True, **given):
    made = ScrewCompressor(
        ScrewParameters(**({"built_in": True} | given)),
        control or ControlParameters(),
        site or Site(Streams(1), warm=warm, pressure_pa=1e5),
        "k1",
    )
    made.start()
    return made


class Station:
    """One screw, one receiver, consumers that want a share of its delivery."""

    def __init__(self, share=0.6, control=None, warm=True, volume_m3=1.0, start_pa=7.2e5, **given):
        self.site = Site(Streams(1), warm=warm, pressure_pa=1e5)
        density = 1e5 / (air.R_AIR * 293.15)
        self.store = AirReceiver(AirReceiverParameters(volume_m3=volume_m3, start_pa=start_pa), self.site, "v1")
        self.screw = screw(self.site, control, **given)
        wanted = AirConsumerParameters(flow_kg_s=share * FAD * density, scatter=0.0, profile=(1.0,) * 24)
        self.users = AirConsumer(wanted, self.site, "c1")
        ports = [self.screw.ports["air"], self.users.ports["air"]]
        self.junction = Junction(self.store.ports["air"], ports)
        for port in (self.store.ports["air"], *ports):
            port.joined = True
        self.junction.exchange()
        self.store.start()
        self.screw.start()
        self.t_ns = 0
        self.pressure, self.opening = [], []

    def run(self, seconds):
        for _ in range(round(seconds * 100)):
            self.junction.exchange()
            for machine in (self.store, self.screw, self.users):
                machine.tick(self.t_ns)
            self.t_ns += TICK_NS
            self.pressure.append(self.store.pressure_pa - 1e5)
            self.opening.append(self.screw.control.opening)
        return self


def test_isothermal_power_and_its_efficiency_at_the_data_sheet_point():
    made = screw(minimum_pa=0.0, friction_nm=0.0)
    made.ports["air"].potential = 8.5e5
    made.control.last_pa = 7.49e5
    made.control_parameters = ControlParameters(unload_pa=8e5)
    made.tick(0)
    assert made.flow_kg_s == pytest.approx(FAD * 1e5 / (air.R_AIR * 293.15), rel=1e-12)
    assert made.isothermal_w == pytest.approx(21_757.0, abs=1.0)
    assert made.isothermal_w == pytest.approx(1e5 * FAD * math.log(8.5), rel=1e-12)
    assert made.shaft_w == pytest.approx(made.isothermal_w / 0.66, rel=1e-4)


def test_pump_up_takes_what_the_isothermal_closed_form_says():
    station = Station(share=0.0, start_pa=0.0, control=ControlParameters(unload_pa=7.6e5))
    station.store.parameters = AirReceiverParameters(isothermal=True, start_pa=0.0)
    station.store.start()
    station.run(74.5)
    p = np.array(station.pressure)
    i = int(np.argmax(p >= 7.5e5))
    reached = (i + (7.5e5 - p[i - 1]) / (p[i] - p[i - 1])) * 0.01
    # the junction hands a flow over one tick after it was drawn in
    assert reached - 0.01 == pytest.approx(73.77, abs=5e-3)


def test_it_loads_and_unloads_inside_its_band_and_works_as_long_as_its_share():
    station = Station(share=0.6, volume_m3=0.5).run(120)
    p, opening = np.array(station.pressure[3000:]), np.array(station.opening[3000:])
    # the valve takes half a second: the pressure runs on a little beyond the band
    assert 6.93e5 < p.min() < 7.0e5
    assert 7.5e5 < p.max() < 7.56e5
    assert np.count_nonzero(np.diff((opening > 0.5).astype(int)) > 0) >= 3
    mean = station.users.balances()["mass"].came_in / 120.0 / (FAD * 1e5 / (air.R_AIR * 293.15))
    assert station.screw.control.loaded_s / 120.0 == pytest.approx(mean, abs=0.03)


def test_unloading_happens_inside_the_tick_where_the_pressure_crosses():
    p = ControlParameters(stroke_s=0.05)
    ends = []
    for shift in (0.0, 0.25, 0.5, 0.75):
        control = LoadControl(running_s=10.0)
        opening = []
        for i in range(12):
            control.step(p, 7.5e5 + 1e4 * (0.01 * (i - 5 + shift)), True, (0.0, 1.0), 0.01)
            opening.append(control.mean_opening)
        ends.append(sum(opening) * 0.01)  # full-load seconds until shut
    # the crossing lies `shift` ticks earlier, and so does all that follows; a crossing at t delivers t + stroke/2
    assert ends == pytest.approx([0.05 - 0.01 * s + 0.025 for s in (0.0, 0.25, 0.5, 0.75)], abs=1e-9)


def test_speed_control_holds_the_set_point_without_rest():
    control = ControlParameters(speed_control=True, setpoint_pa=7.2e5, unload_pa=7.8e5)
    station = Station(share=0.6, control=control, volume_m3=0.5).run(60)
    assert np.abs(np.array(station.pressure[4000:]) - 7.2e5).max() < 500.0
    assert station.screw.control.opening == 1.0
    assert station.screw.log.speed_rad_s / station.screw.parameters.speed_rad_s == pytest.approx(0.6, abs=0.03)
    station.screw.commands()["setpoint_pa"](7.0e5)
    station.run(60)
    assert station.pressure[-1] == pytest.approx(7.0e5, abs=500.0)


def test_mass_and_energy_are_kept_through_starts_and_stops():
    station = Station(share=0.3, warm=False, start_pa=0.0, volume_m3=0.3).run(40)
    station.screw.commands()["run"](0.0)
    station.run(20)
    assert station.screw.log.speed_rad_s == 0.0
    station.screw.commands()["run"](1.0)
    station.run(30)
    mine, stored = station.screw.balances(), station.store.balances()
    assert mine["mass"].came_in > 2.0
    assert mine["mass"].went_out == pytest.approx(stored["mass"].came_in, rel=1e-12)
    for balance in (*mine.values(), *stored.values()):
        assert abs(balance.residual) < 1e-9
    drawn, used = mine["mass"].came_in, station.users.balances()["mass"]
    kept = stored["mass"].stored + mine["mass"].stored + used.stored
    assert drawn == pytest.approx(used.went_out + kept, rel=1e-9)


def test_warm_start_is_thermal_rest_and_full_load_stays_below_the_trip():
    # beside what passes its own time constants, nothing moves
    made = screw(control=ControlParameters(unload_pa=8.5e5))
    made.ports["air"].potential = 8.5e5
    made.start()
    before = made.element_k, made.oil_k
    for i in range(3000):
        made.tick(i * TICK_NS)
    assert (made.element_k, made.oil_k) == pytest.approx(before, abs=0.01)
    assert 340.0 < made.element_k < 360.0


def test_hot_air_with_a_fouled_cooler_trips_at_105_degrees():
    made = screw(control=ControlParameters(unload_pa=8.5e5), element_j_k=5e3, sump_j_k=5e3)
    made.ports["air"].potential = 8.5e5
    made.condition.cooler_gain, made.site.ambient_k = 0.3, 308.15
    tick = 0
    while not made.tripped:
        last = made.element_k
        made.tick(tick * TICK_NS)
        tick += 1
        assert tick < 20_000
    assert last < 378.15 <= made.element_k
    part = (378.15 - last) / (made.element_k - last)
    assert made.tripped_at_s == pytest.approx((tick - 1 + part) * 0.01, abs=1e-9)
    assert made.trip_reason
    assert made.asked_speed_rad_s == 0.0
    for i in range(tick, tick + 1500):
        made.tick(i * TICK_NS)
    assert made.log.speed_rad_s == 0.0
    assert made.flow_kg_s == 0.0
    made.commands()["reset"](1.0)
    assert made.tripped == (made.element_k >= 368.15)


def test_heat_leaves_through_the_port_it_is_joined_to():
    water, joined = screw(water_cooled=True), screw()
    water.site.cooling_water_k = 288.15
    joined.ports["cooling"].joined, joined.ports["cooling"].potential = True, 288.15
    for made in (water, joined):
        made.start()
        made.tick(0)
    assert joined.ports["cooling"].flow == water.ports["cooling"].flow > 20_000.0
    assert joined.ports["air"].temperature_k == pytest.approx(296.15)


# --- on a shaft -------------------------------------------------------------------------------------------------------


def test_its_torque_on_the_shaft_has_the_slope_it_says_and_never_drives():
    made = screw(built_in=False)
    assert isinstance(made, ShaftLoad)
    assert isinstance(made, OwnShaft)
    made.settle(300.0)
    for speed in (-20.0, -1.0, 0.0, 0.5, 3.0, 100.0, 300.0):
        torque, slope, _ = made.load(speed)
        h = 1e-4
        numeric = (made.load(speed + h)[0] - made.load(speed - h)[0]) / (2 * h)
        assert torque * speed >= 0.0
        assert slope >= 0.0
        assert slope == pytest.approx(numeric, rel=1e-4, abs=1e-6)


@pytest.mark.slow_without_jit
def test_a_motor_starts_it_idling_then_it_loads():
    made = screw(built_in=False, warm=False, displacement_m3=4.5e-4, speed_rad_s=155.0, friction_nm=0.3)
    motor = InductionMotor(InductionMotorParameters(), made.inertia_kg_m2)
    drive = Vfd(VfdParameters(current_limit_a=1e9, bypass=True))
    train = DriveTrain(motor, drive, loads=[made])
    drive.command_run(True)
    powers = []
    for i in range(700):
        made.tick(i * TICK_NS)
        train.tick()
        powers.append(train.power_w)
    assert made.log.speed_rad_s == motor.speed_rad_s > 150.0
    assert (made.log.angle.revs, made.log.angle.frac) == (train.angle.revs, train.angle.frac)
    idle, loaded = powers[250], powers[-1]
    assert 0.2 < idle / loaded < 0.5
    assert loaded == pytest.approx(made.shaft_w, rel=0.12)
    assert abs(made.balances()["energy"].residual) < 1e-9


# --- heard ------------------------------------------------------------------------------------------------------------


def heard(blocks, ticks, cuts=1, save_at=None, **condition):
    made = screw()
    made.ports["air"].potential = 8.2e5
    for name, value in condition.items():
        setattr(made.condition, name, value)
    parts = []
    for b in range(blocks):
        t0 = b * ticks * TICK_NS
        for i in range(ticks):
            made.tick(t0 + i * TICK_NS)
        made.own_trace(t0)
        first, count = b * ticks * 256, ticks * 256
        edges = np.linspace(0, count, cuts + 1).astype(int)
        for low, high in itertools.pairwise(edges):
            parts.append(made.waveform("acceleration_m_s2", None, first + low, high - low, 25_600.0))
            if save_at == b:
                saved = made.save()
                made = screw(warm=False)
                made.restore(saved)
    return np.concatenate(parts)


def test_lobes_are_heard_at_four_times_the_speed_and_the_rotors_at_theirs():
    x = heard(20, 10)
    spectrum = np.abs(np.fft.rfft(x * np.hanning(x.size)))
    f = np.fft.rfftfreq(x.size, 1 / 25_600.0)

    def line(hz):
        near = np.abs(f - hz) < 2.0
        around = (np.abs(f - hz) > 5.0) & (np.abs(f - hz) < 12.0)
        return spectrum[near].max() / np.median(spectrum[around])

    turn = 2960.0 / 60.0
    for hz in (turn, 4 * turn, 8 * turn, 4 * turn - 4 / 6 * turn):
        assert line(hz) > 10.0
    assert 1.0 < x.std() < 10.0


def test_blocks_cuts_and_restarts_do_not_show():
    whole = heard(2, 20)
    assert np.array_equal(heard(8, 5, 3), whole)
    assert np.array_equal(heard(4, 10, save_at=1), whole)


def test_waveforms_out_of_order_are_refused():
    made = screw()
    with pytest.raises(ValueError, match="no block has been stepped yet"):
        made.waveform("acceleration_m_s2", None, 0, 10, 25_600.0)
    made.tick(0)
    made.own_trace(0)
    with pytest.raises(ValueError, match=r"are not in this block, 0\.\.255"):
        made.waveform("acceleration_m_s2", None, 250, 10, 25_600.0)
    made.waveform("acceleration_m_s2", None, 0, 100, 25_600.0)
    with pytest.raises(ValueError, match="do not follow: the next sample of this sensor is 100"):
        made.waveform("acceleration_m_s2", None, 120, 10, 25_600.0)
    with pytest.raises(ValueError, match="k1 has no waveform 'sound'"):
        made.waveform("sound", None, 0, 10, 25_600.0)


# --- building ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ambient_k", [253.15, 313.15])
def test_standing_still_and_odd_surroundings_stay_finite(ambient_k):
    site = Site(Streams(1), warm=False, ambient_k=ambient_k, cooling_water_k=ambient_k)
    made = screw(site, built_in=False)
    for i in range(20):
        made.tick(i * TICK_NS)
        for speed in (0.0, -50.0):
            made.half_step(speed, 0.005)
            made.account(speed, 0.01)
    assert made.flow_kg_s == 0.0
    assert all(math.isfinite(v) for v in made.signals().values())


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"displacement_m3": 0.0}, r"k1\.displacement_m3 = 0\.0 must be above 0"),
        ({"volumetric_efficiency": 1.2}, r"k1\.volumetric_efficiency = 1\.2 must be in \(0, 1\)"),
        ({"flutes": 3}, r"k1\.flutes = 3 must be more than lobes"),
        ({"load_pa": 8e5}, r"k1\.load_pa = 800000\.0 must be above 0 and below unload_pa = 750000"),
        ({"coolerw": 1.0}, r"plant\.parameters\.k1\.coolerw: unknown parameter; did you mean 'cooler_w_k'"),
    ],
)
def test_impossible_parameters_are_refused_by_name(given, message):
    with pytest.raises(ValueError, match=message):
        ScrewCompressor.build(Nameplate(id="k1", kind="screw_compressor"), given, Site(Streams(1)))


def test_a_nameplate_builds_it():
    plate = Nameplate(
        id="k1", kind="screw_compressor", free_air="2 m^3/min", speed="1480 rpm", power="15 kW", control="speed",
        load_pressure="6 bar", unload_pressure="6.8 bar", setpoint="6.4 bar",
    )  # fmt: skip
    made = ScrewCompressor.build(plate, {"gain": 3e-5, "lobes": 5}, Site(Streams(1), pressure_pa=1e5))
    assert made.parameters.lobes == 5
    assert made.control_parameters.gain == 3e-5
    assert made.control_parameters.speed_control
    made.settle(1480.0 * math.pi / 30.0)
    _, flow, _ = made._swallow(1480.0 * math.pi / 30.0)
    assert flow == pytest.approx(2.0 / 60.0 * 1e5 / (air.R_AIR * 293.15))
