"""The fault desk: faults fit their targets, act at block edges, and leave no trace when they go."""

from typing import Any, ClassVar

import pytest

from emulator.desk import FaultDesk, UnknownFault, check_fault
from emulator.faults.base import Fault, registry
from emulator.truth import TruthLog
from rigs.load import load_rig
from rigs.schema import FaultSpec

SECOND = 1_000_000_000


class Dial:
    kind: ClassVar[str] = "dial"
    layer: ClassVar[str] = "device"
    targets: ClassVar[tuple[str, ...]] = ()

    def __init__(self, params: dict[str, Any]) -> None:
        self.params = params

    def apply(self, target: Any, severity: float, t_ns: int) -> None:
        target.append((t_ns // SECOND, severity))


def spec(**more: Any) -> FaultSpec:
    return FaultSpec.model_validate({"kind": "dial", "on": "plc1", "onset": "10 s"} | more)


@pytest.fixture
def rig():
    return load_rig("pump_skid")


def desk_on(rig, target: list) -> FaultDesk:
    return FaultDesk(rig, {"dial": Dial}, lambda layer, on: target, TruthLog())


def test_a_fault_is_applied_from_its_onset_to_its_end_and_once_more_to_undo_it(rig):
    target: list = []
    desk = desk_on(rig, target)
    desk.add(spec(until="12 s", severity=0.5))
    for t in range(8, 15):
        desk.apply(t * SECOND)
    assert target == [(10, 0.5), (11, 0.5), (12, 0.0)]


def test_the_truth_holds_onset_severity_and_end(rig):
    desk = desk_on(rig, [])
    desk.add(spec(until="12 s", severity=0.5))
    for t in range(8, 15):
        desk.apply(t * SECOND)
    (fault,) = desk.truth.faults
    assert (fault.onset_ns, fault.cleared_ns) == (10 * SECOND, 12 * SECOND)
    assert fault.severity == [(10 * SECOND, 0.5), (12 * SECOND, 0.0)]


def test_clearing_a_fault_undoes_it_at_once(rig):
    target: list = []
    desk = desk_on(rig, target)
    number = desk.add(spec())
    desk.apply(10 * SECOND)
    assert desk.clear(number, 11 * SECOND)
    assert target[-1] == (11, 0.0)
    assert desk.listing() == []


def test_a_fault_of_severity_0_is_never_applied(rig):
    target: list = []
    desk = desk_on(rig, target)
    desk.add(spec(severity=0.0))
    for t in range(20):
        desk.apply(t * SECOND)
    assert target == []
    assert desk.truth.faults == []


@pytest.mark.parametrize(
    ("kind", "on", "expected"),
    [
        ("bearing_otter_race", "pump1_de", "did you mean 'bearing_outer_race'?"),
        ("bearing_outer_race", "pump1", "does not fit 'pump1' (centrifugal_pump); it fits pump1_de, pump1_nde"),
        ("bearing_outer_race", "pump1_dee", "did you mean 'pump1_de'?"),
        ("sensor_drift", "pid1.output", "does not fit 'pid1.output' (no sensor)"),
        ("modbus_no_answer", "plc1", "it fits drive1, bus1"),
    ],
)
def test_a_fault_that_does_not_fit_says_what_would(rig, kind: str, on: str, expected: str):
    assert expected in (check_fault(FaultSpec(kind=kind, on=on), rig, registry()) or "")


def test_an_unknown_parameter_lists_the_known(rig):
    with pytest.raises(UnknownFault, match=r"no parameter 'offest_s'; it takes offset_s"):
        FaultDesk(rig, registry(), lambda layer, on: None, TruthLog()).add(
            FaultSpec(kind="clock_offset", on="plc1", params={"offest_s": 3.0})
        )


@pytest.mark.parametrize("kind", sorted(registry()))
def test_every_fault_keeps_the_shape_of_a_fault(kind: str):
    fault = registry()[kind]
    of_one_point = kind in ("opcua_node_moved", "opcua_node_retyped", "opcua_semantics_changed")
    assert isinstance(fault({"point": "pump1.flow"} if of_one_point else {}), Fault)
    assert fault.layer in ("physics", "sensor", "device", "protocol")
    assert (fault.__doc__ or "").strip()
