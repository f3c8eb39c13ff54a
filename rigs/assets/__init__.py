"""The kinds of machine a rig may name: one file each, found by looking, so that a new machine needs no list."""

import importlib
import pkgutil
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args

from pydantic import Field

from rigs.assets.base import Nameplate


def nameplates() -> dict[str, type[Nameplate]]:
    """Return every nameplate class by its kind, in name order.

    Raises
    ------
    RuntimeError
        Two files claim one kind.

    """
    found: dict[str, type[Nameplate]] = {}
    for name in sorted(info.name for info in pkgutil.iter_modules(__path__)):
        module = importlib.import_module(f"{__name__}.{name}")
        for item in vars(module).values():
            if not (isinstance(item, type) and issubclass(item, Nameplate) and item.__module__ == module.__name__):
                continue
            for kind in get_args(item.model_fields["kind"].annotation) if "kind" in item.model_fields else ():
                if kind in found:
                    raise RuntimeError(f"two machines call themselves {kind}")
                found[kind] = item
    return found


if TYPE_CHECKING:
    Asset = Any
else:
    Asset = Annotated[Union[tuple(nameplates().values())], Field(discriminator="kind")]  # noqa: UP007 - made at run time
