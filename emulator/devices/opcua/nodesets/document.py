"""A nodeset file as it is written: models, aliases and nodes of the UANodeSet schema (OPC 10000-6 annex F)."""

import uuid
from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from asyncua import ua

from emulator.devices.opcua.nodesets.xml import Element, NodesetError, read_xml

BASE: Final = "http://opcfoundation.org/UA/"
CLASSES: Final = {
    "UAObject": ua.NodeClass.Object,
    "UAVariable": ua.NodeClass.Variable,
    "UAMethod": ua.NodeClass.Method,
    "UAObjectType": ua.NodeClass.ObjectType,
    "UAVariableType": ua.NodeClass.VariableType,
    "UAReferenceType": ua.NodeClass.ReferenceType,
    "UADataType": ua.NodeClass.DataType,
    "UAView": ua.NodeClass.View,
}


@dataclass(frozen=True, slots=True)
class Model:
    """A model a file brings, and the models it stands on."""

    uri: str
    needs: tuple[str, ...]
    line: int


class Document:
    """One nodeset file.

    Raises
    ------
    NodesetError
        It is no nodeset, or says what cannot be.

    """

    def __init__(self, path: Path) -> None:
        self.file = str(path)
        root = read_xml(path)
        if root.name != "UANodeSet":
            raise NodesetError(self.file, root.line, f"the root is {root.name}, not UANodeSet; give a nodeset file")
        uris = root.first("NamespaceUris")
        self.uris = [BASE, *(uri.text.strip() for uri in (uris.all("Uri") if uris is not None else []))]
        models = root.first("Models")
        self.models = tuple(
            Model(
                model.attributes.get("ModelUri", ""),
                tuple(need.attributes.get("ModelUri", "") for need in model.all("RequiredModel")),
                model.line,
            )
            for model in (models.all("Model") if models is not None else [])
        )
        if not self.models:
            raise NodesetError(self.file, root.line, "declares no Model; add <Models> with its ModelUri")
        aliases = root.first("Aliases")
        self.aliases = {
            alias.attributes.get("Alias", ""): alias.text.strip()
            for alias in (aliases.all("Alias") if aliases is not None else [])
        }
        self.nodes = [element for element in root.children if element.name in CLASSES]
        self._indexes: dict[int, int] = {0: 0}

    def place(self, indexes: dict[str, int]) -> None:
        """Learn which server namespace each of the file's namespaces is."""
        self._indexes = {at: indexes[uri] for at, uri in enumerate(self.uris)}

    def wrong(self, element: Element, rule: str) -> NodesetError:
        """Return an error that names file, line and node."""
        name = element.attributes.get("NodeId")
        return NodesetError(self.file, element.line, f"node {name}: {rule}" if name else rule)

    def node_id(self, text: str, element: Element) -> ua.NodeId:
        """Return a NodeId or an alias of the file as a NodeId of the server."""
        written = self.aliases.get(text.strip(), text.strip())
        index, rest = 0, written
        if written.startswith("ns="):
            number, _, rest = written[3:].partition(";")
            if not number.isdigit() or int(number) not in self._indexes:
                raise self.wrong(element, f"{written!r} is of namespace {number}, which NamespaceUris lacks; add it")
            index = self._indexes[int(number)]
        kind, _, value = rest.partition("=")
        try:
            match kind:
                case "i":
                    return ua.NodeId(int(value), index)
                case "s" if value:
                    return ua.NodeId(value, index)
                case "g":
                    return ua.NodeId(uuid.UUID(value), index)
                case "b":
                    return ua.NodeId(b64decode(value, validate=True), index)
        except ValueError:
            pass
        raise self.wrong(element, f"{written!r} is neither a NodeId nor an alias of this file; mend it")

    def name(self, text: str, element: Element) -> ua.QualifiedName:
        """Return a browse name, ``1:Name``, as one of the server."""
        number, colon, name = text.partition(":")
        if not colon or not number.isdigit():
            return ua.QualifiedName(text, 0)
        if int(number) not in self._indexes:
            raise self.wrong(element, f"BrowseName {text!r} is of a namespace that NamespaceUris lacks; add it")
        return ua.QualifiedName(name, self._indexes[int(number)])


def in_order(documents: list[Document]) -> list[Document]:
    """Return documents so that each comes after those it needs.

    Raises
    ------
    NodesetError
        A model comes twice, is needed and missing, or needs itself in the end.

    """
    owner: dict[str, Document] = {}
    for document in documents:
        for model in document.models:
            if model.uri in owner:
                other = owner[model.uri].file
                raise NodesetError(document.file, model.line, f"model {model.uri} is in {other} already; give one")
            owner[model.uri] = document
    ordered: list[Document] = []
    under_way: list[Document] = []

    def visit(document: Document) -> None:
        if document in ordered:
            return
        if document in under_way:
            first = document.models[0]
            raise NodesetError(document.file, first.line, f"model {first.uri} needs itself through others; mend them")
        under_way.append(document)
        for model in document.models:
            for need in model.needs:
                if need != BASE and need not in owner:
                    rule = f"model {model.uri} needs {need}, which no file brings; add that nodeset"
                    raise NodesetError(document.file, model.line, rule)
                if need != BASE and owner[need] is not document:
                    visit(owner[need])
        under_way.pop()
        ordered.append(document)

    for document in documents:
        visit(document)
    return ordered
