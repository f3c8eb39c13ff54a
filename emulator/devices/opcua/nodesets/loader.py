"""Loads nodesets into an address space: everything is read and checked first, then all of it goes in, or nothing."""

from pathlib import Path
from typing import Final

from asyncua import ua
from asyncua.server.address_space import AddressSpace, NodeData

from emulator.devices.opcua.building import A, T, own, set_attribute
from emulator.devices.opcua.nodesets.contents import definition, localized, value
from emulator.devices.opcua.nodesets.document import CLASSES, Document, in_order
from emulator.devices.opcua.nodesets.xml import Element
from emulator.devices.opcua.standard_space import reference

_I: Final = ua.ObjectIds
_TYPE_DEFINITION: Final = ua.NodeId(_I.HasTypeDefinition)
_SUBTYPE: Final = ua.NodeId(_I.HasSubtype)
_ENCODING: Final = ua.NodeId(_I.HasEncoding)
_ONE_WAY: Final = (_TYPE_DEFINITION, ua.NodeId(_I.HasModellingRule))  # nobody asks a rule for all its users
Link = tuple[ua.NodeId, ua.NodeId, ua.NodeId]
"""Source, reference type, target: a reference in its forward direction."""


class Loader:
    """What nodesets would add to an address space.

    Parameters
    ----------
    space
        The address space; `commit` changes it, nothing else does.
    namespaces
        The server's namespaces; new ones are numbered behind them.

    Attributes
    ----------
    added : tuple of str
        The namespaces that come with the nodesets, in their order.

    """

    def __init__(self, space: AddressSpace, namespaces: list[str]) -> None:
        self._space = space
        self._namespaces = list(namespaces)
        self._known = len(namespaces)
        self._fresh: dict[ua.NodeId, NodeData] = {}
        self._links: dict[Link, tuple[Document, Element]] = {}
        self._definitions: list[tuple[Document, Element, NodeData]] = []

    @property
    def added(self) -> tuple[str, ...]:
        """The namespaces that come with the nodesets."""
        return tuple(self._namespaces[self._known :])

    def read(self, paths: list[Path]) -> None:
        """Read and check files, whatever their order.

        Raises
        ------
        NodesetError
            The first thing that is wrong: file, line, node, rule and way out.

        """
        documents = in_order([Document(path) for path in paths])
        for document in documents:
            for uri in document.uris:
                if uri not in self._namespaces:
                    self._namespaces.append(uri)
            document.place({uri: at for at, uri in enumerate(self._namespaces)})
        for document in documents:
            for element in document.nodes:
                self._node(document, element)
        for document in documents:
            for element in document.nodes:
                self._references(document, element)
        self._define_types()

    def commit(self) -> None:
        """Put all nodes and references into the address space; this cannot fail any more."""
        space = self._space
        for nodeid, node in self._fresh.items():
            space[nodeid] = node
        links = sorted(self._links, key=lambda link: link[1] != _TYPE_DEFINITION)  # types first: others show them
        owned: dict[ua.NodeId, NodeData] = dict(self._fresh)
        for source, kind, target in links:
            for end in (source, target):
                if end not in owned:
                    owned[end] = own(space, end)
            if not _refers(owned[source], kind, target):
                owned[source].references.append(reference(owned[target], kind, True))
            if kind not in _ONE_WAY:
                owned[target].references.append(reference(owned[source], kind, False))

    def _get(self, nodeid: ua.NodeId) -> NodeData | None:
        return self._fresh.get(nodeid) or self._space.get(nodeid)

    def _node(self, document: Document, element: Element) -> None:
        written = element.attributes
        nodeid = document.node_id(written.get("NodeId", ""), element)
        if nodeid.NamespaceIndex == 0:
            raise document.wrong(element, "belongs to namespace 0, which is the server's own; take it out")
        if self._get(nodeid) is not None:
            raise document.wrong(element, "is there already; a NodeId stands once, in one file")
        if not written.get("BrowseName"):
            raise document.wrong(element, "has no BrowseName; add one")
        node = NodeData(nodeid)
        node_class = CLASSES[element.name]
        name = document.name(written["BrowseName"], element)
        shown, about = element.first("DisplayName"), element.first("Description")
        set_attribute(node, A.NodeId, nodeid, T.NodeId)
        set_attribute(node, A.NodeClass, node_class, T.Int32)
        set_attribute(node, A.BrowseName, name, T.QualifiedName)
        label = ua.LocalizedText(name.Name) if shown is None else localized(shown)
        set_attribute(node, A.DisplayName, label, T.LocalizedText)
        text = ua.LocalizedText() if about is None else localized(about)
        set_attribute(node, A.Description, text, T.LocalizedText)
        set_attribute(node, A.WriteMask, 0, T.UInt32)
        set_attribute(node, A.UserWriteMask, 0, T.UInt32)
        self._particulars(document, element, node, node_class)
        self._fresh[nodeid] = node

    def _particulars(self, document: Document, element: Element, node: NodeData, node_class: ua.NodeClass) -> None:
        written = element.attributes
        if node_class in (ua.NodeClass.Variable, ua.NodeClass.VariableType):
            set_attribute(node, A.DataType, document.node_id(written.get("DataType", "i=24"), element), T.NodeId)
            rank = int(written.get("ValueRank", "-1"))
            set_attribute(node, A.ValueRank, rank, T.Int32)
            if rank > 0:
                sizes = [int(size) for size in written.get("ArrayDimensions", "").split(",") if size]
                set_attribute(node, A.ArrayDimensions, sizes or [0] * rank, T.UInt32)
            found = element.first("Value")
            given = None if found is None else value(document, found)
            if given is not None or node_class == ua.NodeClass.Variable:
                set_attribute(node, A.Value, None, T.Null)
            if given is not None:
                set_attribute(node, A.Value, given.Value, given.VariantType)
        if node_class == ua.NodeClass.Variable:
            # What a device shows of a model can be read; who writes goes through a point that is bound to it.
            set_attribute(node, A.AccessLevel, 1, T.Byte)
            set_attribute(node, A.UserAccessLevel, 1, T.Byte)
            set_attribute(node, A.MinimumSamplingInterval, 0.0, T.Double)
            set_attribute(node, A.Historizing, False, T.Boolean)
        elif node_class in (ua.NodeClass.Object, ua.NodeClass.View):
            set_attribute(node, A.EventNotifier, int(written.get("EventNotifier", "0")) & 1, T.Byte)
            if node_class == ua.NodeClass.View:
                set_attribute(node, A.ContainsNoLoops, written.get("ContainsNoLoops") == "true", T.Boolean)
        elif node_class == ua.NodeClass.Method:
            set_attribute(node, A.Executable, False, T.Boolean)  # nothing stands behind it
            set_attribute(node, A.UserExecutable, False, T.Boolean)
        if element.name.endswith("Type"):
            set_attribute(node, A.IsAbstract, written.get("IsAbstract") == "true", T.Boolean)
        if node_class == ua.NodeClass.ReferenceType:
            set_attribute(node, A.Symmetric, written.get("Symmetric") == "true", T.Boolean)
            inverse = element.first("InverseName")
            if inverse is not None:
                set_attribute(node, A.InverseName, localized(inverse), T.LocalizedText)
        defined = element.first("Definition")
        if defined is not None and node_class == ua.NodeClass.DataType:
            self._definitions.append((document, defined, node))

    def _references(self, document: Document, element: Element) -> None:
        here = document.node_id(element.attributes["NodeId"], element)
        listed = element.first("References")
        for one in listed.all("Reference") if listed is not None else []:
            kind = document.node_id(one.attributes.get("ReferenceType", ""), one)
            target = document.node_id(one.text, one)
            type_ = self._get(kind)
            if type_ is None or _class(type_) != ua.NodeClass.ReferenceType:
                rule = f"refers by {one.attributes.get('ReferenceType')!r}, which is no reference type; mend it"
                raise document.wrong(element, rule)
            if self._get(target) is None:
                if target.NamespaceIndex == 0:
                    continue  # of a newer standard than the server's; nothing of the model itself is lost
                raise document.wrong(element, f"refers to {one.text.strip()!r}, which no file has; add that nodeset")
            forward = one.attributes.get("IsForward", "true") != "false"
            link = (here, kind, target) if forward else (target, kind, here)
            self._links.setdefault(link, (document, element))
        data_type = self._fresh[here].attributes.get(A.DataType)
        if data_type is not None and data_type.value is not None and data_type.value.Value is not None:
            type_id = data_type.value.Value.Value
            if self._get(type_id) is None and type_id.NamespaceIndex != 0:
                written = element.attributes.get("DataType")
                raise document.wrong(element, f"has the data type {written!r}, which no file has; add that nodeset")

    def _define_types(self) -> None:
        """Give each data type its definition, once all references are known."""
        bases = {target: source for source, kind, target in self._links if kind == _SUBTYPE}
        encodings: dict[ua.NodeId, ua.NodeId] = {}
        for source, kind, target in self._links:
            found = self._get(target)
            if kind == _ENCODING and found is not None and _name(found) == "Default Binary":
                encodings[source] = target
        for document, element, node in self._definitions:
            base, encoding = bases.get(node.nodeid, ua.NodeId()), encodings.get(node.nodeid, ua.NodeId())
            set_attribute(node, A.DataTypeDefinition, definition(document, element, base, encoding), T.ExtensionObject)


def _value(node: NodeData, attribute: ua.AttributeIds) -> object:
    found = node.attributes[attribute].value
    return None if found is None or found.Value is None else found.Value.Value


def _class(node: NodeData) -> object:
    return _value(node, A.NodeClass)


def _name(node: NodeData) -> object:
    found = _value(node, A.BrowseName)
    return found.Name if isinstance(found, ua.QualifiedName) else None


def _refers(node: NodeData, kind: ua.NodeId, target: ua.NodeId) -> bool:
    return any(r.IsForward and r.ReferenceTypeId == kind and r.NodeId == target for r in node.references)
