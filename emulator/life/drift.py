"""True parameters that wander, for a twin that must follow."""

import dataclasses
import difflib
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emulator.streams import Streams
from rigs.life import Drift

STEP_S = 10.0
SEGMENT = 4096


class Wandering:
    """One parameter: value·(1 + fold(trend·τ + wander·B(τ))), B a Brownian motion on a grid of 10 s of damage time.

    Folding at ±bound makes it a motion with reflecting walls. The path is a pure function of (seed, asset,
    parameter), whatever is asked first.

    Raises
    ------
    ValueError
        The asset has no such parameter, or it is no number.

    """

    def __init__(self, spec: Drift, asset: Any, streams: Streams) -> None:
        self.spec = spec
        self.asset = asset
        known = _numbers(getattr(asset, "parameters", None))
        if spec.parameter not in known:
            near = difflib.get_close_matches(spec.parameter, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known) or 'none'}"
            raise ValueError(f"plant.life.drifts: {spec.on} has no number {spec.parameter!r} that can drift; {hint}")
        value = known[spec.parameter]
        self.nominal = float(value)
        self._stream = streams(f"life/{spec.on}/{spec.parameter}/wander")
        self._starts = [0.0]
        self._held: tuple[int, NDArray[np.float64]] = (-1, np.zeros(0))

    def share(self, tau: float) -> float:
        """Return what is added to 1 at damage time `tau` [s], within ±bound."""
        x = self.spec.trend * tau
        if self.spec.wander > 0.0:
            x += self.spec.wander * math.sqrt(STEP_S) * self._motion(tau / STEP_S)
        bound = self.spec.bound
        if abs(x) <= bound:
            return x
        return abs((x - bound) % (4.0 * bound) - 2.0 * bound) - bound

    def value(self, tau: float) -> float:
        """Return the true parameter at damage time `tau` [s]."""
        return self.nominal * (1.0 + self.share(tau))

    def apply(self, tau: float) -> float:
        """Give the asset its parameter at damage time `tau` [s]; returns it."""
        value = self.value(tau)
        self.asset.parameters = dataclasses.replace(self.asset.parameters, **{self.spec.parameter: value})
        return value

    @property
    def present(self) -> float:
        """The true parameter now."""
        return float(getattr(self.asset.parameters, self.spec.parameter))

    def _motion(self, place: float) -> float:
        index = int(place)
        low = self._at(index)
        return low + (place - index) * (self._at(index + 1) - low)

    def _at(self, index: int) -> float:
        """Return B at grid point `index` in steps of its own size; B(0) = 0."""
        if index == 0:
            return 0.0
        segment, within = divmod(index - 1, SEGMENT)
        while len(self._starts) <= segment:
            self._starts.append(float(self._sums(len(self._starts) - 1)[-1]))
        return float(self._sums(segment)[within])

    def _sums(self, segment: int) -> NDArray[np.float64]:
        if self._held[0] != segment:
            steps = self._stream.normal(segment * SEGMENT, SEGMENT)
            self._held = (segment, self._starts[segment] + np.cumsum(steps))
        return self._held[1]


def _numbers(parameters: Any) -> dict[str, float]:
    if not dataclasses.is_dataclass(parameters):
        return {}
    values = {item.name: getattr(parameters, item.name) for item in dataclasses.fields(parameters)}
    return {name: value for name, value in values.items() if isinstance(value, float)}
