"""Values and definitions inside a nodeset, as far as a type model needs them (OPC 10000-6 §5.3, annex F.11, F.12)."""

import uuid
from base64 import b64decode
from datetime import UTC, datetime
from typing import Any, Final

from asyncua import ua

from emulator.devices.opcua.nodesets.document import Document
from emulator.devices.opcua.nodesets.xml import Element

_INTEGERS: Final = ("SByte", "Byte", "Int16", "UInt16", "Int32", "UInt32", "Int64", "UInt64")
_TEXTS: Final = ("String", "XmlElement")


def value(document: Document, element: Element) -> ua.Variant | None:
    """Return a `<Value>` as a Variant; None for a kind that type models do not use.

    Raises
    ------
    NodesetError
        The text does not fit its type.

    """
    if not element.children:
        return None
    inner = element.children[0]
    kind, many = inner.name.removeprefix("ListOf"), inner.name.startswith("ListOf")
    if kind not in ua.VariantType.__members__:
        return None
    try:
        items = [_scalar(document, kind, child) for child in (inner.children if many else [inner])]
    except (ValueError, TypeError) as wrong:
        raise document.wrong(inner, f"value of type {kind} cannot be read ({wrong}); mend the value") from None
    if any(item is None for item in items):
        return None
    return ua.Variant(items if many else items[0], ua.VariantType[kind], is_array=many)


def _scalar(document: Document, kind: str, element: Element) -> Any:
    text = element.text.strip()
    if kind in _INTEGERS:
        return int(text)
    if kind in _TEXTS:
        return element.text
    simple: dict[str, Any] = {
        "Boolean": lambda t: {"true": True, "1": True, "false": False, "0": False}[t.lower()],
        "Float": float,
        "Double": float,
        "ByteString": b64decode,
        "DateTime": lambda t: datetime.fromisoformat(t).replace(tzinfo=UTC),
        "StatusCode": lambda t: ua.StatusCode(int(t or "0")),
    }
    if kind in simple:
        try:
            return simple[kind](text)
        except KeyError as unknown:
            raise ValueError(f"{text!r} is no {kind}") from unknown
    match kind:
        case "LocalizedText":
            return localized(element)
        case "QualifiedName":
            return document.name(f"{element.text_of('NamespaceIndex', '0')}:{element.text_of('Name')}", element)
        case "NodeId" | "ExpandedNodeId":
            return document.node_id(element.text_of("Identifier", "i=0"), element)
        case "Guid":
            return uuid.UUID(element.text_of("String"))
        case "ExtensionObject":
            return _structure(document, element)
    return None


def localized(element: Element) -> ua.LocalizedText:
    """Return a LocalizedText written as children, or as plain text."""
    if element.children:
        return ua.LocalizedText(element.text_of("Text") or None, element.text_of("Locale") or None)
    return ua.LocalizedText(element.text.strip() or None, element.attributes.get("Locale") or None)


def _structure(document: Document, element: Element) -> Any:
    body = element.first("Body")
    inner = body.children[0] if body is not None and body.children else None
    if inner is None:
        return None
    match inner.name:
        case "Argument":
            type_ = inner.first("DataType")
            about = inner.first("Description")
            return ua.Argument(
                Name=inner.text_of("Name"),
                DataType=document.node_id(type_.text_of("Identifier", "i=24") if type_ is not None else "i=24", inner),
                ValueRank=int(inner.text_of("ValueRank", "-1") or "-1"),
                Description=localized(about) if about is not None else ua.LocalizedText(),
            )
        case "EnumValueType":
            label = inner.first("DisplayName")
            return ua.EnumValueType(
                Value=int(inner.text_of("Value", "0")),
                DisplayName=localized(label) if label is not None else ua.LocalizedText(),
            )
        case "Range":
            return ua.Range(float(inner.text_of("Low", "0")), float(inner.text_of("High", "0")))
        case "EUInformation":
            label = inner.first("DisplayName")
            return ua.EUInformation(
                inner.text_of("NamespaceUri"),
                int(inner.text_of("UnitId", "-1")),
                localized(label) if label is not None else ua.LocalizedText(),
            )
    return None


def definition(document: Document, element: Element, base: ua.NodeId, encoding: ua.NodeId) -> Any:
    """Return a `<Definition>` as StructureDefinition or EnumDefinition.

    Parameters
    ----------
    document
        The file.
    element
        The definition.
    base
        The data type's parent type.
    encoding
        Its default binary encoding; null for an enumeration.

    """
    fields = element.all("Field")
    if any("Value" in one.attributes for one in fields):
        return ua.EnumDefinition(
            Fields=[ua.EnumField(Value=int(one.attributes["Value"]), Name=one.attributes.get("Name")) for one in fields]
        )
    optional = any(one.attributes.get("IsOptional") == "true" for one in fields)
    kind = ua.StructureType.StructureWithOptionalFields if optional else ua.StructureType.Structure
    if element.attributes.get("IsUnion") == "true":
        kind = ua.StructureType.Union
    return ua.StructureDefinition(
        DefaultEncodingId=encoding,
        BaseDataType=base,
        StructureType=kind,
        Fields=[
            ua.StructureField(
                Name=one.attributes.get("Name"),
                DataType=document.node_id(one.attributes.get("DataType", "i=24"), one),
                ValueRank=int(one.attributes.get("ValueRank", "-1")),
                ArrayDimensions=[],
                IsOptional=one.attributes.get("IsOptional") == "true",
            )
            for one in fields
        ],
    )
