"""One event as the subscription engine asks for it: its fields by select clause, its answer to a where clause."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from asyncua import ua

from emulator.devices.opcua.alarms.fields import CONDITION_ID, Path
from emulator.devices.opcua.alarms.where import Operand, Where

_NOTHING: Final = ua.Variant(None, ua.VariantType.Null)
_KEPT: Final = 1_000

IsOfType = Callable[[Any, Any], bool]


class AlarmEvent:
    """Fields of an event, given out as each client's filter asks.

    Parameters
    ----------
    fields
        Browse path -> Variant.
    filters
        The server's content filters.

    """

    def __init__(self, fields: Mapping[Path, ua.Variant], filters: "Filters") -> None:
        self._fields = fields
        self._filters = filters

    def fields(self, clauses: Sequence[Any]) -> list[ua.Variant]:
        """Return the value of each SimpleAttributeOperand; Null for what the event does not have."""
        return [self._fields.get(_path(clause), _NOTHING) for clause in clauses]

    def passes(self, where: Any) -> bool:
        """Whether the event fulfils a ContentFilter."""
        plain = {path: variant.Value for path, variant in self._fields.items()}
        plain |= {path: value.Text for path, value in plain.items() if isinstance(value, ua.LocalizedText)}
        return self._filters.of(where)(plain)


class RefreshEvent(AlarmEvent):
    """The begin or the end of a refresh: no where clause keeps it from a client (OPC 10000-9 §5.5.7)."""

    def passes(self, where: Any) -> bool:
        """Return True."""
        return True


class Filters:
    """Content filters as functions, each made once.

    Parameters
    ----------
    is_of_type
        Tells whether an event type is another or derived from it.

    """

    def __init__(self, is_of_type: IsOfType) -> None:
        self._is_of_type = is_of_type
        self._made: dict[int, tuple[Any, Where]] = {}

    def of(self, where: Any) -> Where:
        """Return a ContentFilter as a function.

        Raises
        ------
        FilterError
            An operator or operand that cannot be.

        """
        given, found = self._made.get(id(where), (None, None))
        if given is where and found is not None:
            return found
        elements = [(int(e.FilterOperator), [_operand(o) for o in e.FilterOperands]) for e in where.Elements or []]
        made = Where(elements, self._is_of_type)
        self._made[id(where)] = (where, made)  # kept with its filter, so that the id stays its own
        while len(self._made) > _KEPT:
            self._made.pop(next(iter(self._made)))
        return made


def _operand(given: Any) -> Operand:
    if isinstance(given, ua.LiteralOperand):
        value = given.Value.Value
        return "literal", value.Text if isinstance(value, ua.LocalizedText) else value
    if isinstance(given, ua.ElementOperand):
        return "element", int(given.Index)
    if isinstance(given, ua.SimpleAttributeOperand):
        return "field", _path(given)
    return "element", -1  # an AttributeOperand, which only queries have: refused as an operand


def _path(clause: Any) -> Path:
    """Return the browse path of an operand; that of the condition's own node id for attribute NodeId."""
    path = tuple(name.Name for name in clause.BrowsePath or [])
    if not path and clause.AttributeId == ua.AttributeIds.NodeId:
        return CONDITION_ID
    return path if clause.AttributeId == ua.AttributeIds.Value else ("",)
