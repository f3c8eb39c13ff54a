"""Operating regimes: what varies, how far, and that it is a function of seed and time alone."""

from typing import Any

import numpy as np
import pytest

from emulator.emulation import Emulation
from emulator.physics.site import Site
from emulator.plant import Plant
from emulator.regimes import Regime
from emulator.streams import Streams
from rigs.load import load_rig
from rigs.regime import RegimeSettings
from tests.emulator.skids import skid

SECOND = 1_000_000_000
DAY_S = 86_400.0
COMMANDS = ("vfd1.frequency_hz", "pid1.setpoint_m3_s", "vfd1.run")
FULL = {
    "demand": [
        {"command": "vfd1.frequency_hz", "low": "25 Hz", "high": "50 Hz"},
        {"command": "pid1.setpoint_m3_s", "low": "24 m^3/h", "high": "88 m^3/h"},
    ],
    "starts": [{"drive": "vfd1", "per_day": 6}],
    "ambient": {}, "cooling_water": {}, "supply": {}, "product": {},
    "visits": [{"repair": "pump1", "mode": "impeller_wear", "every": "20 d"}],
}  # fmt: skip


def regime(seed: int = 1, **settings: Any) -> Regime:
    return Regime(RegimeSettings.model_validate(settings or FULL), Streams(seed), COMMANDS)


def lived(days: int, seed: int = 1, every_s: float = 1800.0, **settings: Any) -> dict[str, np.ndarray]:
    one = regime(seed, **settings)
    times = np.arange(0.5 * every_s, days * DAY_S, every_s)
    rows = [one.surroundings(t) | one.demands(t) for t in times]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_healthy_year_covers_speed_load_and_ambient(seed: int):
    # N = 365 days, looked at at 3, 9, 15 and 21 h; the asked ranges: 50–100 %, 30–110 % of 80 m³/h, 5–40 °C.
    year = lived(365, seed, 6.0 * 3600.0)
    speed = year["vfd1.frequency_hz"] / 50.0
    load = year["pid1.setpoint_m3_s"] * 3600.0 / 80.0
    ambient = year["ambient_k"] - 273.15
    assert (speed.min(), speed.max()) == pytest.approx((0.5, 1.0))
    assert (load.min(), load.max()) == pytest.approx((0.3, 1.1))
    assert ambient.min() <= 5.0
    assert ambient.max() >= 40.0
    # … and not only at the edges
    for values in (speed, load):
        inner = np.histogram(values, bins=8)[0]
        assert inner.min() > 0.02 * values.size
    assert np.ptp(year["cooling_water_k"]) > 14.0
    assert np.all((year["mains_gain"] >= 0.95) & (year["mains_gain"] <= 1.05))
    assert np.ptp(year["mains_gain"]) > 0.08
    assert np.all((year["mains_unbalance"] >= 0.0) & (year["mains_unbalance"] <= 0.01))
    assert np.ptp(year["mains_unbalance"]) > 0.008
    assert np.ptp(year["density_gain"]) > 0.1
    assert year["viscosity_gain"].max() / year["viscosity_gain"].min() > 8.0


def test_the_day_is_a_sine_of_eight_kelvin_with_its_cold_before_dawn():
    day = lived(1, ambient={"season": "0 K", "weather": "0 K"})["ambient_k"]
    assert np.ptp(day) == pytest.approx(16.0, rel=3e-3)
    assert np.argmin(day) * 0.5 + 0.25 == pytest.approx(3.0, abs=0.26)
    assert day.mean() == pytest.approx(295.65)


@pytest.mark.slow_without_jit
def test_any_order_of_asking_gives_the_same_profiles_and_another_seed_others():
    rng = np.random.default_rng(1)
    times = rng.uniform(0.0, 30 * DAY_S, 60)
    forward, backward = regime(), regime()
    seen = {t: (forward.surroundings(t), forward.demands(t)) for t in np.sort(times)}
    for t in np.sort(times)[::-1]:
        assert (backward.surroundings(t), backward.demands(t)) == seen[t]
    assert regime(2).demands(times[0])["vfd1.frequency_hz"] != regime(1).demands(times[0])["vfd1.frequency_hz"]


def test_a_new_profile_does_not_change_an_old_one():
    alone = regime(ambient={})
    assert alone.surroundings(1e6)["ambient_k"] == regime().surroundings(1e6)["ambient_k"]


def test_commands_are_given_once_a_second_and_only_when_they_change():
    one = regime(setpoints=[{"command": "pid1.setpoint_m3_s", "values": ["40 m^3/h", "70 m^3/h"], "every": "10 s"}])
    given: list[tuple[int, float]] = []
    for t in range(600):
        one.apply(Site(Streams(1)), lambda name, value, t=t: given.append((t, value)), t * SECOND // 10)
    assert {round(value * 3600) for _, value in given} == {40, 70}
    assert all(t % 10 == 0 for t, _ in given)
    assert len(given) <= 7


def test_a_refused_command_is_given_again():
    one = regime(starts=[{"drive": "vfd1", "per_day": 2}])
    asked: list[float] = []
    for t in range(3):
        one.apply(Site(Streams(1)), lambda name, value: (asked.append(value), False)[1], t * SECOND)
    assert asked == [1.0, 1.0, 1.0]


def test_ramped_stops_bring_the_demand_down_first():
    one = regime(
        demand=[{"command": "vfd1.frequency_hz", "low": 25, "high": 50}],
        starts=[{"drive": "vfd1", "per_day": 8, "mode": "ramped", "ramp": "60 s", "command": "vfd1.frequency_hz"}],
    )
    rows = [one.demands(float(t)) for t in range(0, 10_800, 5)]
    standing = [row["vfd1.frequency_hz"] for row in rows if row["vfd1.run"] == 0.0]
    assert standing
    assert max(standing) == 0.0
    last = next(i for i, row in enumerate(rows) if row["vfd1.run"] == 0.0)
    assert rows[last - 1]["vfd1.frequency_hz"] < 5.0


def test_visits_come_about_as_often_as_planned_whoever_asks_and_never_do_it_all():
    one = regime()
    whole = one.visits(-1, round(400 * DAY_S) * SECOND)
    edges = [round(k * 7.3 * DAY_S) * SECOND for k in range(56)]
    pieces = [v for a, b in zip([-1, *edges[1:]], edges[1:], strict=False) for v in one.visits(a, b)]
    assert pieces == [v for v in whole if v.due_ns <= edges[-1]]
    assert len(whole) == pytest.approx(20, abs=1)
    assert all(0.0 <= v.quality <= 0.2 for v in whole)
    assert len({v.quality for v in whole}) == len(whole)


def test_an_unknown_command_is_refused_with_the_nearest():
    with pytest.raises(ValueError, match=r"plant.regime: unknown command 'vfd1.frequenzy_hz'; did you mean 'vfd1.freq"):
        regime(demand=[{"command": "vfd1.frequenzy_hz", "low": 1, "high": 2}])


@pytest.mark.slow_without_jit
def test_the_regime_moves_the_plant_and_its_visits_repair_it():
    def bring(block_ms: int) -> Emulation:
        rig = load_rig(
            "pump_skid",
            {
                "initial": {"pid1.auto": False, "pid1.manual_output": 0.6},
                "regime": {
                    "demand": [{"command": "vfd1.frequency_hz", "low": 25, "high": 50, "base": 0.2, "steps": 0.0}],
                    "ambient": {"mean": "35 degC"},
                    "visits": [{"repair": "pump1", "every": "8 s", "quality": 0.2, "spread": 0.0}],
                },
            },
        )
        clock = rig.clock.model_copy(update={"block": block_ms * 1_000_000})
        points = tuple(point for point in rig.points if point.waveform is None)
        return Emulation(rig.model_copy(update={"clock": clock, "points": points}), 1)

    found = []
    for block_ms in (1000, 200):
        emulation = bring(block_ms)
        emulation.desk.add(_wear())
        while emulation.t_ns < 12 * SECOND:
            emulation.step()
        found.append(emulation.plant.signals["pump1.flow_m3_s"])
        assert emulation.plant.signals["ambient.temperature_k"] == emulation.regime.surroundings(11.0)["ambient_k"]
        assert emulation.plant.signals["vfd1.frequency_hz"] < 49.0
        assert [fault["severity"] for fault in emulation.desk.listing()] == [pytest.approx(0.1)]
    assert found[0] == found[1]


def _wear():
    from rigs.schema import FaultSpec

    return FaultSpec(kind="impeller_wear", on="pump1", severity=0.5)


def test_a_heavier_product_takes_more_power_from_the_motor():
    plant = Plant(skid(), seed=1)
    for _ in range(20):
        plant.step()
    light = plant.signals["pump1.shaft_power_w"]
    plant.site.density_gain = 1.1
    for _ in range(20):
        plant.step()
    assert plant.signals["pump1.shaft_power_w"] == pytest.approx(1.1 * light, rel=0.02)


def test_the_mains_of_the_site_reach_a_drive_without_supply_of_its_own():
    plant = Plant(skid(), seed=1)
    plant.step()
    before = plant.signals["vfd1.dc_link_v"]
    plant.site.mains_gain = 0.95
    for _ in range(10):
        plant.step()
    assert plant.signals["vfd1.dc_link_v"] == pytest.approx(0.95 * before, rel=0.01)
