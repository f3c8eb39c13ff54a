"""Laws that every sensor fault keeps: nothing at severity 0, the same bits however cut, healed at the end."""

import itertools

import numpy as np
import pytest

from emulator.faults.sensor_dropout import SensorDropout
from emulator.faults.sensor_spikes import SensorSpikes
from emulator.faults.sensor_swapped_channels import SensorSwappedChannels
from tests.emulator.faults.sensor_runs import (
    FAULTS,
    NOT_SCALAR,
    NOT_WAVEFORM,
    SHAKE,
    TRUTH,
    VARIANTS,
    pressure,
    scalar_run,
    vibration,
    waveform_run,
)


@pytest.mark.parametrize(("kind", "params"), VARIANTS)
@pytest.mark.slow_without_jit
def test_severity_0_leaves_every_bit_as_it_was(kind, params):
    if kind not in NOT_SCALAR and params.get("mode") != "axis":
        assert scalar_run(kind(params), 0.0)[0].tobytes() == scalar_run(None, 0.0)[0].tobytes()
    if kind not in NOT_WAVEFORM:
        assert waveform_run(kind(params), 0.0).tobytes() == waveform_run(None, 0.0).tobytes()


# swapped wires are the device's, and show there (test_sensor_strip.py)
SEEN = [(kind, params) for kind, params in VARIANTS if kind is not SensorSwappedChannels]


@pytest.mark.parametrize(("kind", "params"), [v for v in SEEN if v[0] not in NOT_SCALAR and v[1].get("mode") != "axis"])
@pytest.mark.slow_without_jit
def test_severity_1_shows_and_going_back_to_0_heals(kind, params):
    healthy = scalar_run(None, 0.0, truth=np.concatenate((TRUTH, TRUTH)))[0]
    chain = pressure()
    scalar_run(None, 0.0, chain, TRUTH[:50])
    sick, status = scalar_run(kind(params), 1.0, chain, np.concatenate((TRUTH[50:], TRUTH[:100])))
    assert not np.array_equal(sick, healthy[50:300]) or "bad" in status
    # a lag forgets what it was in ten of its time constants
    scalar_run(kind(params), 0.0, chain, np.full(60, TRUTH[99]))
    fresh = pressure()
    scalar_run(None, 0.0, fresh, np.concatenate((TRUTH, TRUTH[:100], np.full(60, TRUTH[99]))))
    healed, status = scalar_run(kind(params), 0.0, chain, TRUTH[100:])
    assert healed.tobytes() == scalar_run(None, 0.0, fresh, TRUTH[100:])[0].tobytes()
    assert set(status) == {"good"}


@pytest.mark.parametrize(("kind", "params"), [v for v in SEEN if v[0] not in NOT_WAVEFORM])
@pytest.mark.slow_without_jit
def test_severity_1_shows_in_a_waveform(kind, params):
    # in half a second what comes by chance must come often
    often = {SensorDropout: {"every_s": 0.1}, SensorSpikes: {"rate_hz": 100.0}}.get(kind, {})
    assert not np.array_equal(waveform_run(kind(params | often), 1.0), waveform_run(None, 0.0))


@pytest.mark.parametrize(("kind", "params"), [v for v in SEEN if v[0] not in NOT_WAVEFORM])
@pytest.mark.slow_without_jit
def test_a_faulty_waveform_does_not_depend_on_how_it_is_cut_and_goes_on_after_a_restore(kind, params):
    whole, parts = vibration(), vibration()
    kind(params).apply(whole, 0.6, 0)
    kind(params).apply(parts, 0.6, 0)
    other = np.cos(np.arange(SHAKE.size) / 3.0)
    edges = [0, 1, 700, 703, 5000, SHAKE.size]
    fine = np.repeat(SHAKE, 4)

    def read(chain, a, b):
        chain.neighbours["q"].read(a, other[a:b])
        return chain.read(a, SHAKE[a:b], 4 * a, fine[4 * a : 4 * b] if chain.fine_rate_hz else None)

    expected = read(whole, 0, SHAKE.size)
    got = [read(parts, a, b) for a, b in itertools.pairwise(edges[:-1])]
    late = vibration()
    late.restore(parts.save())
    late.neighbours["q"].restore(parts.neighbours["q"].save())
    got.append(read(late, *edges[-2:]))
    assert np.concatenate(got).tobytes() == expected.tobytes()


@pytest.mark.parametrize(("kind", "params"), [v for v in SEEN if v[0] not in NOT_SCALAR and v[1].get("mode") != "axis"])
def test_a_faulty_scalar_does_not_depend_on_how_it_is_cut_and_goes_on_after_a_restore(kind, params):
    whole, parts, late = pressure(), pressure(), pressure()
    kind(params).apply(whole, 0.6, 0)
    kind(params).apply(parts, 0.6, 0)
    expected = whole.read_block(TRUTH)
    got = [parts.read(float(v)) for v in TRUTH[:7]]
    got += parts.read_block(TRUTH[7:60]).tolist()
    late.restore(parts.save())
    got += late.read_block(TRUTH[60:]).tolist()
    assert np.array(got).tobytes() == expected.tobytes()


@pytest.mark.parametrize(("kind", "params"), VARIANTS)
def test_applying_a_fault_twice_is_applying_it_once(kind, params):
    make = vibration if kind in NOT_SCALAR or params.get("mode") == "axis" else pressure
    once, twice = make(), make()
    kind(params).apply(once, 0.7, 0)
    kind(params).apply(twice, 0.7, 0)
    kind(params).apply(twice, 0.7, 0)
    assert once.condition == twice.condition


@pytest.mark.parametrize("kind", FAULTS)
def test_an_unknown_parameter_is_refused_by_name(kind):
    with pytest.raises(ValueError, match=f"fault {kind.kind} has no parameter 'colour'"):
        kind({"colour": "red"})
