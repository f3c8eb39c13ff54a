"""Modbus in a rig file: addresses, identities and what kind of server a device is."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from rigs.assets.base import Strict
from rigs.quantity import Number, Seconds

Unit = Annotated[int, Field(ge=1, le=247)]
Register = Annotated[int, Field(ge=0, le=65535)]
RegisterKind = Literal[
    "bool", "u16", "i16", "u32", "i32", "f32", "u64", "i64", "f64", "bcd16", "bcd32", "string"
]  # fmt: skip
Rights = Literal["read", "write"] | tuple[Annotated[int, Field(ge=1, le=127)], ...]
File = Annotated[str, Field(min_length=1, max_length=1000)]
WIDTHS = {"32": 2, "64": 4}


class ModbusAddress(Strict):
    """Where a value lies in a Modbus unit's tables: value_in_unit = raw * scale + offset.

    `type` bool in an input or holding register needs `bit` (0 is the least significant); bcd16 and bcd32 hold four
    and eight decimal digits; string holds the number as text of `length` registers. `not_available` is the raw
    number that means "no value": ``usual`` is the one most makers use (all ones unsigned, the most negative signed
    number, NaN, all ones in BCD, blanks in a string), ``none`` says that the device has no such mark and shows 0.
    `write_once` takes the first write and refuses all later ones.
    """

    unit: Unit
    table: Literal["coil", "discrete", "input", "holding"]
    register_: int = Field(alias="register", ge=0, le=65535)
    type: RegisterKind = "u16"
    order: Literal["ABCD", "CDAB", "BADC", "DCBA"] = "ABCD"
    scale: Number = 1.0
    offset: Number = 0.0
    bit: int | None = Field(default=None, ge=0, le=15)
    length: int | None = Field(default=None, ge=1, le=123)
    not_available: Literal["usual", "none"] | float = "usual"
    write_once: bool = False

    @property
    def words(self) -> int:
        """Registers taken (1 for a coil or discrete input)."""
        return self.length or WIDTHS.get(self.type[-2:], 1)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        bits = self.table in ("coil", "discrete")
        if bits and (self.type != "bool" or self.bit is not None):
            raise ValueError(
                f"type {self.type} does not fit table {self.table}; coils and discrete inputs hold bool only"
            )
        if not bits and (self.type == "bool") != (self.bit is not None):
            raise ValueError(
                f"type {self.type} in an {self.table} register: a bool needs bit: 0 to 15, other types have no bit"
            )
        if (self.type == "string") != (self.length is not None):
            raise ValueError(f"type {self.type}: a string needs length (registers), other types have none")
        if self.register_ + self.words > 65536:
            raise ValueError(f"register {self.register_} and type {self.type} reach beyond register 65535")
        if self.scale == 0:
            raise ValueError("scale = 0 would lose the value; use 1 for none")
        return self


class UnitIdentity(Strict):
    """What a Modbus unit says of itself (function 43/14); `extended` are objects 128 to 255, as text."""

    unit: Unit
    vendor: str = "plantbench"
    product: str = ""
    revision: str = "1.0"
    name: str = ""
    url: str = ""
    model: str = ""
    application: str = ""
    extended: dict[Annotated[int, Field(ge=128, le=255)], str] = Field(default_factory=dict)


class ModbusConstant(Strict):
    """Registers that hold `value` (a number or a text) at an address and are no point of the rig.

    A `writable` one takes what is written, within `range` [the value's own unit], and is itself again after power-up.
    """

    address: ModbusAddress
    value: float | str
    writable: bool = False
    range: tuple[float, float] | None = None

    @model_validator(mode="after")
    def _is_of_its_type(self) -> Self:
        if isinstance(self.value, str) != (self.address.type == "string"):
            raise ValueError(f"value {self.value!r} does not fit type {self.address.type}; a text needs string")
        if self.writable and (isinstance(self.value, str) or self.address.table not in ("coil", "holding")):
            raise ValueError("only a number in a coil or holding register can be writable")
        return self


class ModbusFile(Strict):
    """A file of a unit (functions 20 and 21): `records` registers, zero at start, filled from `content`."""

    unit: Unit
    number: int = Field(ge=1, le=65535)
    records: int = Field(ge=1, le=10_000)
    content: tuple[Annotated[int, Field(ge=0, le=65535)], ...] = ()
    writable: bool = False


class ModbusFifo(Strict):
    """A queue of a unit (function 24) that takes a point's raw register at each scan; at most 31 are read."""

    unit: Unit
    register_: int = Field(alias="register", ge=0, le=65535)
    point: str
    depth: int = Field(default=31, ge=1, le=64)


class ModbusGateway(Strict):
    """A serial gateway: one request at a time goes down, others wait in a queue of `depth`.

    `latency` is the serial side's time per request, `latencies` that of single units. A unit of `silent` is there
    but does not answer: 0B after `target_timeout`. A unit of `no_path` is not routed: 0A at once. A full queue
    answers 06.
    """

    depth: int = Field(default=8, ge=1, le=1000)
    latency: Seconds = Field(default=0.02, ge=0, le=60)
    latencies: dict[Unit, Seconds] = Field(default_factory=dict)
    target_timeout: Seconds = Field(default=1.0, ge=0, le=60)
    silent: tuple[Unit, ...] = ()
    no_path: tuple[Unit, ...] = ()


def _usual_roles() -> dict[str, Rights]:
    return {"operator": "write", "viewer": "read"}


class ModbusTls(Strict):
    """Modbus/TCP Security: TLS with certificates of both sides; the client's carries its role.

    `roles` says what a role may do: ``read``, ``write`` (everything) or a list of function codes; what it may not is
    answered with exception 01. `without_role` is for a certificate that names none. `folder` keeps authority, server
    and client certificates (made on first use); by default one of the user's own. `ca`, `certificate` and `key` are a
    client's, for a real device: PEM files of the authority it trusts, its own certificate and its
    key; `server_name` the name on the device's certificate, where a link or a tunnel is dialled instead.
    """

    roles: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")], Rights] = Field(default_factory=_usual_roles)
    without_role: Literal["nothing", "read", "write"] = "nothing"
    folder: str | None = None
    ca: File | None = None
    certificate: File | None = None
    key: File | None = None
    server_name: File | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        taken = sorted({"authority", "server", "nobody"} & set(self.roles))
        if taken:
            raise ValueError(f"roles: {taken[0]!r} names files of the server's own; call the role otherwise")
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key go together; give both or neither")
        return self


class ModbusSettings(Strict):
    """What kind of Modbus server a device is, beyond its address.

    `framing` is how a PDU is wrapped: ``tcp`` (MBAP), ``rtu`` (address and CRC) or ``ascii``; by default what the
    device's protocol names. A ``modbus-tcp`` device with ``rtu`` is a serial server that passes frames on as they are.
    The largest quantities of one request are the standard's unless the device takes less. `functions` are the function
    codes it knows, all where nothing is said. `holes` is what registers between mapped ones read.
    """

    framing: Literal["tcp", "rtu", "ascii"] | None = None
    tls: ModbusTls | None = None
    character_timeout: Seconds = Field(default=1.0, gt=0, le=60)
    when_full: Literal["refuse", "drop_oldest", "drop_newest"] = "refuse"
    idle: Seconds | None = 300.0
    backlog: int = Field(default=100, ge=1, le=4096)
    delay: Seconds = Field(default=0.0, ge=0, le=60)
    max_registers: int = Field(default=125, ge=1, le=125)
    max_bits: int = Field(default=2000, ge=1, le=2000)
    max_write_registers: int = Field(default=123, ge=1, le=123)
    max_write_bits: int = Field(default=1968, ge=1, le=1968)
    functions: tuple[Annotated[int, Field(ge=1, le=127)], ...] | None = None
    holes: Literal["refuse", "zero"] = "refuse"
    unknown_unit: Literal["usual", "silence", "gateway", "same"] = "usual"
    read_only: Literal[1, 2, 3, 4] = 2
    tearing: bool = False
    gateway: ModbusGateway | None = None
    constants: tuple[ModbusConstant, ...] = ()
    files: tuple[ModbusFile, ...] = ()
    fifos: tuple[ModbusFifo, ...] = ()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.idle is not None and self.idle <= 0:
            raise ValueError(f"idle = {self.idle} s must be above 0; null never closes")
        if self.tls is not None and self.framing not in (None, "tcp"):
            raise ValueError("tls carries the tcp framing only (Modbus/TCP Security); take out framing")
        return self


__all__ = [
    "ModbusAddress",
    "ModbusConstant",
    "ModbusFifo",
    "ModbusFile",
    "ModbusGateway",
    "ModbusSettings",
    "ModbusTls",
    "UnitIdentity",
]
