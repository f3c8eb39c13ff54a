"""The inside of an exported FMU: what PythonFMU and PythonFMU3 call, passed on to the unit.

Runs in whatever process loads the FMU; plantbench must be importable there.
"""

import io
import json
import pickle
from pathlib import Path
from typing import Any, Final

from emulator.fmi.units import Unit, unit_of

TOLD: Final = "asset.json"
_PLAIN: Final = {
    ("builtins", "set"), ("builtins", "frozenset"), ("builtins", "complex"), ("builtins", "bytearray"),
    ("builtins", "slice"), ("builtins", "range"), ("collections", "deque"), ("collections", "OrderedDict"),
    ("numpy", "ndarray"), ("numpy", "dtype"), ("numpy._core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "scalar"), ("numpy._core.numeric", "_frombuffer"),
}  # fmt: skip


class _StateReader(pickle.Unpickler):
    """Reads states and nothing else: our own classes, arrays, plain containers."""

    def find_class(self, module: str, name: str) -> Any:
        found = super().find_class(module, name) if module.startswith("emulator.physics.") else None
        if isinstance(found, type):
            return found
        if (module, name) in _PLAIN:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"a state does not hold {module}.{name}")


class AssetSlave:
    """Mixed into PythonFMU's slave."""

    unit: Unit
    _now: dict[str, float] | None

    def load(self, resources: str | None, file: str) -> None:
        """Read the description, in the folder of resources or beside the script's file, and make the unit."""
        places = [Path(resources)] if resources else []
        place = next((p for p in places if (p / TOLD).is_file()), Path(file).parent)
        self.unit = unit_of(json.loads((place / TOLD).read_text(encoding="utf-8")))
        self._now = None

    def output(self, name: str) -> float:
        """Return an output; all are asked for once a step."""
        if self._now is None:
            self._now = self.unit.outputs()
        return self._now[name]

    def enter_initialization_mode(self) -> None:
        """Nothing yet: values may still be set."""

    def exit_initialization_mode(self) -> None:
        """Start with what has been set."""
        self.unit.begin()
        self._now = None

    def do_step(self, current_time: float, step_size: float) -> Any:
        """Advance by whole ticks."""
        self.unit.step(current_time, step_size)
        self._now = None
        return True

    def set_input(self, name: str, value: float) -> None:
        """Set an input."""
        self.unit.inputs[name] = float(value)
        self._now = None

    def set_parameter(self, name: str, value: Any) -> None:
        """Set a parameter; it counts from the start on."""
        self.unit.parameters[name] = value

    def _get_fmu_state(self) -> dict[str, Any]:
        return self.unit.save()

    def _set_fmu_state(self, state: dict[str, Any]) -> None:
        self.unit.restore(state)
        self._now = None

    @staticmethod
    def _fmu_state_to_bytes(state: dict[str, Any]) -> bytes:
        return pickle.dumps(state, protocol=5)

    @staticmethod
    def _fmu_state_from_bytes(state: bytes) -> Any:
        return _StateReader(io.BytesIO(bytes(state))).load()


def register(slave: Any, library: Any, prefix: str) -> None:
    """Tell PythonFMU (`library`, its names beginning with `prefix`: Fmi2 or Fmi3) of every variable."""
    new = prefix == "Fmi3"
    causality = getattr(library.enums, f"{prefix}Causality")
    variability = getattr(library.enums, f"{prefix}Variability")
    real = library.Float64 if new else library.Real
    integer = library.Int64 if new else library.Integer

    if new:
        slave.time = 0.0
        slave.register_variable(
            real("time", causality=causality.independent, variability=variability.continuous), nested=False
        )
    for name in slave.unit.inputs:
        variable = real(
            name, causality=causality.input, variability=variability.continuous, description="SI",
            getter=lambda name=name: slave.unit.inputs[name], setter=lambda v, name=name: slave.set_input(name, v),
        )  # fmt: skip
        slave.register_variable(variable, nested=False)
    for name in slave.unit.outputs():
        variable = real(
            name, causality=causality.output, variability=variability.continuous, description="SI",
            getter=lambda name=name: slave.output(name),
        )  # fmt: skip
        slave.register_variable(variable, nested=False)
    for name, value in slave.unit.parameters.items():
        made = {bool: library.Boolean, int: integer, str: library.String}.get(type(value), real)
        variable = made(
            f"parameter.{name}", causality=causality.parameter, variability=variability.fixed, description="SI",
            getter=lambda name=name: slave.unit.parameters[name],
            setter=lambda v, name=name: slave.set_parameter(name, v),
        )  # fmt: skip
        slave.register_variable(variable, nested=False)
