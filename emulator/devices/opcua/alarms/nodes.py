"""The nodes of a condition: an object beside the point it watches, with its fields as variables and its methods."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from asyncua import ua
from asyncua.server.address_space import AddressSpace, NodeData

from emulator.devices.opcua.alarms.fields import CONDITION_ID, Path
from emulator.devices.opcua.building import A, T, add_node, add_property, describe, join, own, set_attribute
from emulator.devices.opcua.standard_space import reference

HAS_CONDITION: Final = 9006
_SUBSCRIBE: Final = 1  # EventNotifier bit SubscribeToEvents

Read = Callable[[], Mapping[Path, ua.Variant]]
Method = Callable[..., Any]


def add_condition(
    space: AddressSpace, source: NodeData, name: str, kind: int, read: Read, methods: Mapping[str, tuple[Method, bool]]
) -> NodeData:
    """Add the object of a condition beside the variable it watches.

    Parameters
    ----------
    space, source
        The address space, and the variable.
    name, kind
        The object's name, and its type's identifier in namespace 0.
    read
        Returns its fields as they are now.
    methods
        By name: what is called, and whether it takes the event's id and a comment.

    """
    folder = space[next(r.NodeId for r in source.references if not r.IsForward)]
    above, index = str(source.nodeid.Identifier).rpartition("/")[0], source.nodeid.NamespaceIndex
    node = add_node(
        space, ua.NodeId(f"{above}/{name}", index), ua.QualifiedName(name, index), ua.NodeClass.Object, folder,
        ua.ObjectIds.HasComponent, kind,
    )  # fmt: skip
    source.references.append(reference(node, ua.NodeId(HAS_CONDITION), True))
    node.references.append(reference(source, ua.NodeId(HAS_CONDITION), False))
    for path in sorted(read()):
        if path != CONDITION_ID:
            _variable(space, node, path, read)
    for method, (call, takes_event) in methods.items():
        _method(space, node, method, call, takes_event=takes_event)
    return node


def _variable(space: AddressSpace, condition: NodeData, path: Path, read: Read) -> None:
    """Add a field, and what stands between it and the condition."""
    parent = condition
    for depth in range(1, len(path) + 1):
        here = path[:depth]
        nodeid = ua.NodeId("/".join((str(condition.nodeid.Identifier), *here)), condition.nodeid.NamespaceIndex)
        found = space.get(nodeid)
        if found is None:
            state = depth == 1 and ((*path[:1], "Id") in read() or path[0] == "LimitState")
            by = ua.ObjectIds.HasComponent if state else ua.ObjectIds.HasProperty
            kind = ua.ObjectIds.TwoStateVariableType if state else ua.ObjectIds.PropertyType
            found = add_node(
                space, nodeid, ua.QualifiedName(path[depth - 1], 0), ua.NodeClass.Variable, parent, by, kind
            )
            _shows(found, here, read)
        parent = found


def _shows(node: NodeData, path: Path, read: Read) -> None:
    variant = read().get(path)
    describe(node, ua.NodeId(int((variant.VariantType if variant is not None else T.LocalizedText).value)))
    set_attribute(node, A.Value, None, T.Null)

    def answer(*_: Any) -> ua.DataValue:
        fields = read()
        times = fields[("Time",)].Value
        now = fields[("ReceiveTime",)].Value
        return ua.DataValue(fields.get(path, ua.Variant(None, T.Null)), SourceTimestamp=times, ServerTimestamp=now)

    node.attributes[A.Value].value_callback = answer


def _method(space: AddressSpace, condition: NodeData, name: str, call: Method, *, takes_event: bool) -> None:
    nodeid = ua.NodeId(f"{condition.nodeid.Identifier}/{name}", condition.nodeid.NamespaceIndex)
    node = add_node(space, nodeid, ua.QualifiedName(name, 0), ua.NodeClass.Method, condition, ua.ObjectIds.HasComponent)
    node.call = call
    if takes_event:
        arguments = [
            ua.Argument("EventId", ua.NodeId(ua.ObjectIds.ByteString), -1, [], ua.LocalizedText("The event meant")),
            ua.Argument(
                "Comment", ua.NodeId(ua.ObjectIds.LocalizedText), -1, [], ua.LocalizedText("What to say of it")
            ),
        ]
        add_property(space, node, "InputArguments", arguments, ua.ObjectIds.Argument, T.ExtensionObject)


def make_notifiers(space: AddressSpace, top: NodeData, folders: Iterable[NodeData]) -> None:
    """Let the Server object, the device and these folders give out events, joined by HasNotifier (OPC 10000-3)."""
    server = own(space, ua.NodeId(ua.ObjectIds.Server))
    set_attribute(server, A.EventNotifier, _SUBSCRIBE, T.Byte)
    set_attribute(top, A.EventNotifier, _SUBSCRIBE, T.Byte)
    join(server, top, ua.NodeId(ua.ObjectIds.HasNotifier))
    for folder in folders:
        set_attribute(folder, A.EventNotifier, _SUBSCRIBE, T.Byte)
        join(top, folder, ua.NodeId(ua.ObjectIds.HasNotifier))
