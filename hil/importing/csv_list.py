"""A list of registers, as vendors print it in their manuals, one line each."""

import csv
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from hil.importing.found import CannotImportError, FoundDevice, FoundValue, Names, unit_of
from rigs.devices.modbus import ModbusAddress

LARGEST_FILE: Final = 4 * 1024 * 1024
MOST_ROWS: Final = 20_000
TABLES: Final = {0: "coil", 1: "discrete", 3: "input", 4: "holding"}
# Spellings of column names; the first is ours.
COLUMNS: Final = {
    "name": ("name", "tag", "parameter", "signal", "variable"),
    "address": ("address", "register", "reg", "offset", "addr"),
    "table": ("table", "space", "area", "object"),
    "type": ("type", "datatype", "data type", "format"),
    "order": ("order", "word order", "byte order", "endian"),
    "scale": ("scale", "factor", "multiplier", "gain"),
    "unit": ("unit", "units", "eu"),
    "slave": ("slave", "unit id", "unitid", "slave id", "device id"),
    "access": ("access", "r/w", "rw", "mode"),
    "low": ("low", "min", "minimum", "range low"),
    "high": ("high", "max", "maximum", "range high"),
    "value": ("value", "default", "typical"),
    "description": ("description", "comment", "remarks", "note"),
}
_TYPES: Final = {
    "uint16": "u16", "int16": "i16", "uint32": "u32", "int32": "i32", "float": "f32", "float32": "f32", "real": "f32",
    "uint64": "u64", "int64": "i64", "float64": "f64", "double": "f64", "word": "u16", "dword": "u32", "short": "i16",
    "ushort": "u16", "long": "i32", "ulong": "u32", "boolean": "bool", "bit": "bool", "": "",
}  # fmt: skip
_ORDERS: Final = {"big": "ABCD", "little": "DCBA", "big swap": "BADC", "little swap": "CDAB", "": "ABCD"}


def read_csv(path: Path) -> FoundDevice:
    """Read a register list.

    The first line names the columns (`COLUMNS`); ``name`` and ``address`` are needed. An address of five or six digits
    such as 40001 carries its table (0 coil, 1 discrete, 3 input, 4 holding) and counts from 1; any other is the
    address on the wire, counted from 0, in the table of the ``table`` column (holding registers without one).

    Raises
    ------
    CannotImportError
        With file, line, value, rule and way out.

    """
    try:
        if path.stat().st_size > LARGEST_FILE or not path.is_file():
            raise CannotImportError(f"{path}: must be a file of at most {LARGEST_FILE // 1024 // 1024} MB")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise CannotImportError(f"{path}: cannot be read as UTF-8 text: {problem}") from None
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    rows = csv.reader(text.splitlines(), delimiter=delimiter)
    try:
        columns = _columns(path, next(rows, []))
        names, values = Names(), []
        for row in rows:
            cells = {key: row[index].strip() if index < len(row) else "" for key, index in columns.items()}
            if any(cells.values()) and not cells["name"].startswith("#"):
                values.append(_value(f"{path}:{rows.line_num}", cells, names))
            if len(values) > MOST_ROWS:
                raise CannotImportError(f"{path}:{rows.line_num}: more than {MOST_ROWS} values; split the list")
    except csv.Error as problem:
        raise CannotImportError(f"{path}:{rows.line_num}: {problem}") from None
    return FoundDevice("modbus-tcp", values, title=path.stem, notes=[f"made from the register list {path.name}"])


def _columns(path: Path, header: list[str]) -> dict[str, int]:
    known = [cell.strip().lower() for cell in header]
    columns = {
        key: next(known.index(spelling) for spelling in spellings if spelling in known)
        for key, spellings in COLUMNS.items()
        if any(spelling in known for spelling in spellings)
    }
    for needed in ("name", "address"):
        if needed not in columns:
            ways = " or ".join(COLUMNS[needed])
            raise CannotImportError(f"{path}:1: no column {needed!r}; the first line must name one: {ways}")
    return columns


def _value(place: str, cells: dict[str, str], names: Names) -> FoundValue:
    table, register = _address(place, cells["address"], cells.get("table", "").lower())
    bits = table in ("coil", "discrete")
    type_ = cells.get("type", "").lower()
    address: dict[str, Any] = {"unit": _whole(place, "slave", cells.get("slave") or "1"), "table": table}
    address["register"] = register
    address["type"] = _TYPES.get(type_, type_) or ("bool" if bits else "u16")
    order = cells.get("order", "")
    if order and not bits:
        address["order"] = _ORDERS.get(order.lower(), order.upper())
    scale = _number(place, "scale", cells.get("scale") or "1")
    if scale != 1.0 and not bits:
        address["scale"] = scale
    try:
        ModbusAddress.model_validate(address)
    except ValidationError as wrong:
        error = wrong.errors()[0]
        where = ".".join(str(part) for part in error["loc"]) or "address"
        raise CannotImportError(f"{place}: {where}: {error['msg'].removeprefix('Value error, ')}") from None
    low, high = _range(place, cells, address, scale)
    access = cells.get("access", "").lower().replace("/", "").replace("read", "r").replace("write", "w")
    writable = "w" in access and table in ("coil", "holding")
    return FoundValue(
        names.of(cells["name"]), address, _number(place, "value", cells.get("value") or "0"),
        unit=unit_of(cells.get("unit", "")), low=low, high=high,
        description=cells.get("description", "") or cells["name"],
        writable=writable, readable=not writable or "r" in access,
    )  # fmt: skip


def _address(place: str, text: str, table: str) -> tuple[str, int]:
    digits = text.replace(" ", "")
    if not table and digits.isdigit() and len(digits) in (5, 6) and int(digits[0]) in TABLES and int(digits[1:]) > 0:
        return TABLES[int(digits[0])], int(digits[1:]) - 1
    number = int(digits, 16) if digits.lower().startswith("0x") else _whole(place, "address", digits)
    table = table or "holding"
    spelled = next((known for known in TABLES.values() if table.startswith(known[:4])), None)
    if spelled is None:
        raise CannotImportError(f"{place}: table {table!r} must be one of {', '.join(TABLES.values())}")
    return spelled, number


def _range(place: str, cells: dict[str, str], address: dict[str, Any], scale: float) -> tuple[float, float]:
    if address["type"] == "bool":
        return 0.0, 1.0
    kind, bits = address["type"][0], address["type"][1:]
    full = {"u": (0.0, 2.0 ** int(bits) - 1), "i": (-(2.0 ** (int(bits) - 1)), 2.0 ** (int(bits) - 1) - 1)}.get(
        kind if bits in ("16", "32") else "", (-1e6, 1e6)
    )
    low, high = sorted((full[0] * scale, full[1] * scale))
    if cells.get("low"):
        low = _number(place, "low", cells["low"])
    if cells.get("high"):
        high = _number(place, "high", cells["high"])
    if not low < high:
        raise CannotImportError(f"{place}: the range {low:g} … {high:g} is empty; low must be below high")
    return low, high


def _whole(place: str, what: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise CannotImportError(f"{place}: {what} {text!r} must be a whole number") from None


def _number(place: str, what: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise CannotImportError(f"{place}: {what} {text!r} must be a number") from None
