"""Ports joined as connections say, and what passes between them."""

from types import SimpleNamespace

import pytest

from emulator.joining import AssemblyError, junctions
from emulator.physics.machine import Machine
from emulator.physics.ports import Port
from rigs.schema import Connection


def machine(name: str, **ports: Port) -> Machine:
    made = Machine(SimpleNamespace(), SimpleNamespace(), name)
    made.ports = ports
    return made


def store(medium: str = "gas") -> Port:
    return Port(medium, "potential", potential=8e5, temperature_k=300.0)


def flow(medium: str = "gas") -> Port:
    return Port(medium, "flow")


def test_the_same_number_reaches_both_sides_and_heat_is_mixed():
    tank, one, two = machine("tank", net=store()), machine("one", out=flow()), machine("two", out=flow())
    found = junctions([Connection(kind="gas", joins=("one", "tank", "two"))], {"tank": tank, "one": one, "two": two})
    one.ports["out"].flow, one.ports["out"].temperature_k = 3.0, 400.0
    two.ports["out"].flow, two.ports["out"].temperature_k = 1.0, 360.0
    for junction in found:
        junction.exchange()
    assert tank.ports["net"].flow == 4.0
    assert tank.ports["net"].met_k == pytest.approx(390.0)
    assert one.ports["out"].potential == two.ports["out"].potential == 8e5
    assert two.ports["out"].met_k == 300.0


def test_a_drain_takes_away_without_changing_what_flows_in():
    tank, source, leak = machine("tank", net=store()), machine("source", out=flow()), machine("leak", out=flow())
    (junction,) = junctions(
        [Connection(kind="gas", joins=("source", "tank")), Connection(kind="gas", joins=("tank", "leak"))],
        {"tank": tank, "source": source, "leak": leak},
    )
    source.ports["out"].flow, source.ports["out"].temperature_k = 2.0, 350.0
    leak.ports["out"].flow, leak.ports["out"].temperature_k = -5.0, 999.0
    junction.exchange()
    assert tank.ports["net"].flow == -3.0
    assert tank.ports["net"].met_k == 350.0


def test_a_stream_joins_outlet_to_inlet_in_order():
    first = machine("first", inlet=store("stream"), outlet=flow("stream"))
    second = machine("second", inlet=store("stream"), outlet=flow("stream"))
    (junction,) = junctions([Connection(kind="stream", joins=("first", "second"))], {"first": first, "second": second})
    assert junction.store is second.ports["inlet"]
    assert junction.takers == [first.ports["outlet"]]
    assert not first.ports["inlet"].joined


@pytest.mark.parametrize(
    ("joins", "message"),
    [
        (("a", "b"), "has 0 assets that store"),
        (("tank", "tank2", "a"), "has 2 assets that store"),
        (("tank", "plain"), "'plain' has 0 free gas ports"),
        (("tank", "twin"), "name one of them: twin.left, twin.right"),
        (("tank", "twin.middle"), "'twin.middle' is no gas port that fits here; there are: twin.left, twin.right"),
    ],
)
def test_what_cannot_be_joined_is_refused_by_name(joins, message):
    assets = {
        "a": machine("a", out=flow()),
        "b": machine("b", out=flow()),
        "tank": machine("tank", net=store()),
        "tank2": machine("tank2", net=store()),
        "plain": machine("plain"),
        "twin": machine("twin", left=flow(), right=flow()),
    }
    with pytest.raises(AssemblyError, match=message):
        junctions([Connection(kind="gas", joins=joins)], assets)


def test_a_flow_goes_to_one_place():
    assets = {"a": machine("a", out=flow()), "x": machine("x", net=store()), "y": machine("y", net=store())}
    twice = [Connection(kind="gas", joins=("a.out", "x")), Connection(kind="gas", joins=("a.out", "y"))]
    with pytest.raises(AssemblyError, match=r"port 'a.out' is joined already"):
        junctions(twice, assets)
