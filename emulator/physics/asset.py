"""What all assets of the plant share: parameters, a condition faults may change, states that can be saved."""

import copy
import dataclasses
from typing import Any, ClassVar, TypeVar

import numpy as np

TICK_S = 0.01
TICK_NS = 10_000_000

Parameters = TypeVar("Parameters")


class Asset:
    """A machine. Subclasses have `parameters`, `condition` and the states named in `STATES`."""

    STATES: ClassVar[tuple[str, ...]] = ()

    def save(self) -> dict[str, Any]:
        """Return a copy of condition and states, enough to go on bit for bit."""
        names = (*self.STATES, *(("condition",) if hasattr(self, "condition") else ()))
        return {name: copy.deepcopy(getattr(self, name)) for name in names}

    def restore(self, saved: dict[str, Any]) -> None:
        """Take over what `save` returned.

        Objects keep their identity so that references to them stay good.
        """
        for name, value in saved.items():
            if name == "condition":
                condition: Any = getattr(self, name)
                for field in dataclasses.fields(condition):
                    setattr(condition, field.name, copy.deepcopy(getattr(value, field.name)))
            elif isinstance(value, np.ndarray):
                getattr(self, name)[...] = value
            else:
                setattr(self, name, copy.deepcopy(value))


def override(parameters: Parameters, given: dict[str, Any], asset: str) -> Parameters:
    """Return `parameters` with the private values of a rig's ``plant.parameters`` laid over them.

    Raises
    ------
    ValueError
        A name the asset's parameters do not have; the message offers the nearest.

    """
    import difflib

    known = [field.name for field in dataclasses.fields(parameters)]  # type: ignore[arg-type]
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known)}"
            raise ValueError(f"plant.parameters.{asset}.{name}: unknown parameter; {hint}")
    return dataclasses.replace(parameters, **given)  # type: ignore[type-var]
