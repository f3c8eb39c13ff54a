"""The history's tables. Times are UTC nanoseconds since 1970, values SI, qualities OPC UA StatusCodes."""

import pyarrow as pa

SCHEMAS: dict[str, pa.Schema] = {
    "readings": pa.schema(
        [
            ("point", pa.string()),
            ("t_source", pa.int64()),
            ("t_received", pa.int64()),
            ("value", pa.float64()),
            ("quality", pa.uint32()),
            ("stamp", pa.string()),
        ]
    ),
    "waveforms": pa.schema(
        [
            ("point", pa.string()),
            ("t_source", pa.int64()),
            ("t_received", pa.int64()),
            ("n0", pa.int64()),
            ("count", pa.int32()),
            ("rate_hz", pa.float64()),
            ("quality", pa.uint32()),
            ("stamp", pa.string()),
            ("minimum", pa.float64()),
            ("maximum", pa.float64()),
            ("rms", pa.float64()),
            ("samples", pa.list_(pa.float32())),
        ]
    ),
    "finding_versions": pa.schema(
        [
            ("recorded_ns", pa.int64()),
            ("id", pa.string()),
            ("fault", pa.string()),
            ("on", pa.string()),
            ("category", pa.string()),
            ("state", pa.string()),
            ("detected_ns", pa.int64()),
            ("onset_ns", pa.int64()),
            ("closed_ns", pa.int64()),
            ("severity", pa.float64()),
            ("confidence", pa.float64()),
            ("evidence", pa.string()),
            ("ambiguous", pa.string()),
        ]
    ),
    "features": pa.schema(
        [("point", pa.string()), ("t_ns", pa.int64()), ("name", pa.string()), ("value", pa.float64())]
    ),
}

_SQL_TYPES = {
    "string": "VARCHAR",
    "int64": "BIGINT",
    "int32": "INTEGER",
    "uint32": "UINTEGER",
    "double": "DOUBLE",
    "list<item: float>": "FLOAT[]",
    "list<element: float>": "FLOAT[]",
}


def _create(name: str, schema: pa.Schema) -> str:
    columns = ", ".join(f'"{field.name}" {_SQL_TYPES[str(field.type)]}' for field in schema)
    return f"CREATE TABLE IF NOT EXISTS {name} ({columns})"


TABLES = tuple(_create(name, schema) for name, schema in SCHEMAS.items())
VIEWS = (
    """CREATE OR REPLACE VIEW findings AS SELECT * FROM finding_versions
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY recorded_ns DESC, rowid DESC) = 1""",
)
