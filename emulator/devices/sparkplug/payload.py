"""What a Sparkplug message carries (Sparkplug 3.0 §6.4): plain data, without bytes or rules."""

from dataclasses import dataclass
from typing import Any

from emulator.devices.sparkplug.datatypes import DataType


@dataclass(frozen=True, slots=True)
class DataSet:
    """A table: one name and one type per column, values by rows."""

    columns: tuple[str, ...]
    types: tuple[DataType, ...]
    rows: tuple[tuple[Any, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class SampleColumn:
    """A table of one Float column, for waveforms: the same bytes as a `DataSet`, made at once from float32[n]."""

    column: str
    samples: Any


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a template."""

    name: str
    type: DataType
    value: Any = None


@dataclass(frozen=True, slots=True)
class Template:
    """A definition (in the node's birth) or an instance, which names its definition by `reference`."""

    metrics: tuple["Metric", ...] = ()
    parameters: tuple[Parameter, ...] = ()
    version: str | None = None
    reference: str | None = None
    definition: bool = False


@dataclass(frozen=True, slots=True)
class Property:
    """One property of a metric: a scalar with its type."""

    type: DataType
    value: Any = None


@dataclass(frozen=True, slots=True)
class Metric:
    """One value.

    Parameters
    ----------
    name, alias : str, int, optional
        What it is called; data may carry the alias alone.
    timestamp : int, optional
        When it was acquired [ms since 1970-01-01 UTC].
    type : DataType, optional
        Births say it, data need not.
    value
        None is null: `is_null` is sent and no value.
    sent_as : DataType, optional
        The type the value is written as, where that is not `type`.
    properties : tuple of (str, Property)
        Such as ``engUnit`` and ``Quality``.

    """

    name: str | None = None
    alias: int | None = None
    timestamp: int | None = None
    type: DataType | None = None
    value: Any = None
    sent_as: DataType | None = None
    properties: tuple[tuple[str, Property], ...] = ()
    historical: bool = False
    transient: bool = False


@dataclass(frozen=True, slots=True)
class Payload:
    """One message: when it was made [ms since 1970-01-01 UTC], its sequence number, its metrics."""

    timestamp: int | None = None
    metrics: tuple[Metric, ...] = ()
    seq: int | None = None
    uuid: str | None = None
    body: bytes | None = None
