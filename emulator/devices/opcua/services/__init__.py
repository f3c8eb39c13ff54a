"""The services this server answers itself: one file per service set, found by looking.

A module here says what it serves in `SERVICES`: encoding id of the request -> function.
"""

import functools
import importlib
import pkgutil
from collections.abc import Callable, Mapping
from typing import Any

from asyncua import ua

Service = Callable[..., Any]
"""(processor, request header, sequence header, encoded parameters) -> response, bytes, None or an awaitable."""


@functools.cache
def services() -> Mapping[ua.NodeId, Service]:
    """Return the service for each request type."""
    found: dict[ua.NodeId, Service] = {}
    for module in pkgutil.iter_modules(__path__):
        served = getattr(importlib.import_module(f"{__name__}.{module.name}"), "SERVICES", {})
        found.update({ua.NodeId(request): service for request, service in served.items()})
    return found
