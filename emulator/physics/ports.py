"""Ports: where one machine meets another. Every medium has a potential and a flow, and each side gives one of them.

| medium   | potential                         | flow, towards the side that gives the potential | carried |
|----------|-----------------------------------|-------------------------------------------------|---------|
| gas      | absolute pressure [Pa]            | mass flow [kg/s]                                | temperature |
| stream   | back pressure at the inlet [Pa]   | mass flow [kg/s] of a liquid on its way         | temperature |
| heat     | temperature [K]                   | heat flow [W]                                   | – |
| wire     | voltage over nominal [-]          | active power drawn, negative: it flows away [W] | – |
| material | room for parts [count]            | parts handed over in the tick [count]           | good share |

What stores (a receiver, a thermal mass, a buffer) gives the potential; what passes on gives the flow. A junction
joins exactly one giver of potential with any number of givers of flow and hands the numbers over once per tick, the
same number to both sides: nothing is made or lost on the way. Every coupling thereby crosses a store, which keeps the
tick stable; what is stiff inside a machine is that machine's own affair.
"""

from dataclasses import dataclass, field
from typing import Literal

Medium = Literal["gas", "stream", "heat", "wire", "material"]


@dataclass(slots=True)
class Port:
    """One port. A machine reads the number it is given and writes the one it gives.

    Attributes
    ----------
    gives : which of the two this machine writes.
    potential, flow : see the table; `flow` of a giver of potential is the sum over its partners.
    temperature_k : what this side's substance has, written by the machine. met_k : what comes from the other side,
        for a giver of potential the mixture of all that flows in.
    inward : of a giver of potential, the sum of the flows that come in; what goes out is `inward` - `flow`.
    share_good : of the parts handed over; a giver of potential reads the mean.
    joined : whether anything is connected; an open port has flow 0 and the potential it was built with.

    """

    medium: Medium
    gives: Literal["potential", "flow"]
    potential: float = 0.0
    flow: float = 0.0
    temperature_k: float = 293.15
    met_k: float = 293.15
    share_good: float = 1.0
    inward: float = 0.0
    joined: bool = False


@dataclass(slots=True)
class Junction:
    """One giver of potential and its givers of flow."""

    store: Port
    takers: list[Port] = field(default_factory=list)

    def exchange(self) -> None:
        """Hand the potential to all, and to the store the sum of their flows with what they carry."""
        store = self.store
        total = heat = good = inward = 0.0
        for taker in self.takers:
            taker.potential, taker.met_k = store.potential, store.temperature_k
            total += taker.flow
            if taker.flow > 0.0:
                inward += taker.flow
                heat += taker.flow * taker.temperature_k
                good += taker.flow * taker.share_good
        store.flow, store.inward = total, inward
        if inward > 0.0:
            store.met_k = heat / inward
            store.share_good = good / inward
