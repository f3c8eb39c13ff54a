"""The one way in which parameters are refused."""

import dataclasses
import math
from typing import Any


def check(parameters: Any, name: str, good: bool, rule: str) -> None:
    """Raise ValueError naming the parameter, its value and the rule unless `good`."""
    if not good:
        raise ValueError(f"{name} = {getattr(parameters, name)!r} must be {rule}")


def check_finite(parameters: Any) -> None:
    """Refuse words and what is not finite in any number of a dataclass.

    Raises
    ------
    ValueError
        The first field that is no finite number.

    """
    for field in dataclasses.fields(parameters):
        value = getattr(parameters, field.name)
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, str) or (not isinstance(item, bool) and not math.isfinite(item)):
                raise ValueError(f"{field.name} = {value!r} must be a finite number; give it in SI")


def check_positive(parameters: Any, *names: str) -> None:
    """Refuse values that are not above 0."""
    for name in names:
        check(parameters, name, getattr(parameters, name) > 0.0, "above 0; give the data sheet's value in SI")
