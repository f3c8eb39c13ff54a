import math

import pytest

from emulator.physics.vfd import AT_REFERENCE, CURRENT_LIMIT, READY, RUNNING, TRIPPED, Vfd, VfdParameters


def running(frequency=50.0, **parameters):
    drive = Vfd(VfdParameters(**parameters))
    drive.command_reference(frequency)
    drive.command_run(True)
    return drive


def ticks(drive, seconds, power=0.0, current=5.0):
    for _ in range(round(seconds * 100)):
        supply = drive.tick(power, current, 0.0)
    return supply


def test_the_ramp_takes_its_time():
    drive = running(ramp_s=8.0)
    ticks(drive, 7.99)
    assert drive.frequency_hz < 50.0
    ticks(drive, 0.02)
    assert drive.frequency_hz == 50.0
    assert drive.status_word == READY | RUNNING | AT_REFERENCE


def test_the_supply_is_continuous_from_tick_to_tick():
    drive = running()
    last = drive.tick(0.0, 5.0, 0.0)
    for _ in range(900):
        now = drive.tick(0.0, 5.0, 0.0)
        assert now.voltage_v == pytest.approx(last.voltage_v + 0.01 * last.voltage_slope, rel=1e-12)
        assert now.speed_rad_s == pytest.approx(last.speed_rad_s + 0.01 * last.speed_slope, rel=1e-12)
        last = now


def test_full_frequency_gives_the_nameplate_voltage():
    drive = running()
    supply = ticks(drive, 9.0)
    assert supply.voltage_v == pytest.approx(400.0 * math.sqrt(2.0 / 3.0))


def test_at_standstill_only_the_boost_is_left():
    assert Vfd(VfdParameters(boost_v=8.0)).voltage_v(0.0) * math.sqrt(3.0) == pytest.approx(8.0)


def test_a_stop_ramps_down_and_then_opens():
    drive = running()
    ticks(drive, 9.0)
    drive.command_run(False)
    assert ticks(drive, 4.0).connected
    assert not ticks(drive, 5.0).connected
    assert drive.status_word == READY


def test_the_current_limit_holds_the_ramp():
    drive = running(current_limit_a=45.0)
    ticks(drive, 2.0)
    before = drive.frequency_hz
    ticks(drive, 1.0, current=47.0)
    assert drive.frequency_hz == before
    assert drive.status_word & CURRENT_LIMIT
    ticks(drive, 1.0, current=60.0)
    assert drive.frequency_hz < before


def test_overcurrent_trips_until_the_run_command_goes_away():
    drive = running(current_limit_a=45.0)
    ticks(drive, 1.0)
    supply = drive.tick(0.0, 150.0, 0.0)
    assert not supply.connected
    assert drive.status_word == TRIPPED
    drive.command_run(False)
    assert drive.status_word == READY
    drive.command_run(True)
    assert drive.tick(0.0, 0.0, 0.0).connected


def test_the_dc_link_stands_at_the_bridge_s_mean_and_sags_with_load():
    drive = running()
    ticks(drive, 9.0)
    empty = drive.dc_link_v
    assert empty == pytest.approx(3 * math.sqrt(2) / math.pi * 400.0)
    ticks(drive, 1.0, power=10e3)
    assert empty - drive.dc_link_v == pytest.approx(10e3 / 0.97 / drive.dc_link_v * 0.15, rel=1e-9)


def test_braking_charges_the_dc_link_up_to_the_chopper():
    drive = running()
    ticks(drive, 9.0)
    drive.tick(-500.0, 5.0, 50.0)
    assert drive.dc_link_v > 541.0
    ticks(drive, 5.0, power=-5e3)
    assert drive.dc_link_v == 720.0


def test_a_sagging_mains_takes_the_output_voltage_down_and_trips_at_last():
    drive = running()
    drive.condition.mains_gain = 0.9
    assert ticks(drive, 9.0).voltage_v < 400.0 * math.sqrt(2.0 / 3.0)
    drive.condition.mains_gain = 0.6
    drive.tick(0.0, 5.0, 0.0)
    assert drive.trip == "undervoltage"


def test_a_drive_catches_a_coasting_motor_at_its_speed():
    drive = running()
    assert drive.tick(0.0, 0.0, 30.0).speed_rad_s == pytest.approx(2 * math.pi * 30.0)


def test_a_bypassed_drive_puts_the_motor_on_the_mains():
    drive = running(bypass=True)
    supply = drive.tick(0.0, 200.0, 0.0)
    assert supply.connected
    assert supply.speed_rad_s == pytest.approx(2 * math.pi * 50.0)
    assert supply.voltage_v == pytest.approx(400.0 * math.sqrt(2.0 / 3.0))
