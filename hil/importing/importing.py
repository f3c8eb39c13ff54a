"""`plantbench import`: source in, rig out."""

import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from hil.importing.found import CannotImportError, FoundDevice
from hil.importing.modbus_scan import Scan

USAGE_ERROR = 2
# What the path of a URL says of the framing.
_OTHER_WIRES = {
    "tls": "Modbus/TCP Security, which asks for a certificate: import a register list of the device instead",
    "rtu": "RTU frames in a TCP connection: import a register list of the device instead, and say framing: rtu",
    "ascii": "ASCII frames in a TCP connection: import a register list of the device instead, and say framing: ascii",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asks for; what does not concern the source is ignored."""

    scan: Scan
    baud: int = 19200
    parity: str = "even"
    timeout_s: float = 1.0
    root: str | None = None
    user: str | None = None
    password: str | None = None


def import_rig(source: str, out: Path, device: str, wanted: Wanted, *, json_lines: bool) -> int:
    """Make a rig of `source` in `out`; returns the exit code.

    Raises
    ------
    RigError
        What was found makes no valid rig.

    """
    from hil.importing.writing import write_rig

    def progress(what: str) -> None:
        print(f"  {what}", file=sys.stderr)

    try:
        found = find(source, wanted, progress)
        written = write_rig(found, out, device)
    except CannotImportError as problem:
        print(f"plantbench import: {problem}", file=sys.stderr)
        return USAGE_ERROR
    except OSError as problem:
        print(f"plantbench import: {source}: {problem or type(problem).__name__}; is it there?", file=sys.stderr)
        return USAGE_ERROR
    if json_lines:
        files = [str(path) for path in written]
        print(json.dumps({"event": "import", "rig": str(out), "values": len(found.values), "files": files}))
        return 0
    print(f"{len(found.values)} values of {source} are now the rig {out}:")
    for note in found.notes:
        print(f"  {note}")
    print(f"Next: read {out / 'points.yaml'}; plantbench check {out}; plantbench serve {out} answers in its place")
    if found.url is not None:
        print(f"      plantbench run {out} --binding {out / 'binding.yaml'} runs against the real one")
    return 0


def find(source: str, wanted: Wanted, progress: Callable[[str], None]) -> FoundDevice:
    """Return what the source holds.

    Raises
    ------
    CannotImportError
        It holds nothing that can be used, or is no source.
    OSError
        It cannot be reached.

    """
    if source.startswith("opc.tcp://"):
        from hil.importing.opcua_clone import clone

        s = wanted.scan
        return asyncio.run(
            clone(source, wanted.root, s.samples, s.pause_s, progress, user=wanted.user, password=wanted.password)
        )
    path = Path(source)
    serial = source.startswith("/dev/") or path.is_char_device()
    if serial or source.startswith("modbus-tcp://"):
        return _scan(source, wanted, progress, serial=serial)
    if path.suffix.lower() in (".csv", ".tsv", ".txt"):
        from hil.importing.csv_list import read_csv

        return read_csv(path)
    raise CannotImportError(
        f"{source!r} is no source; give a register list (.csv), modbus-tcp://HOST:PORT, a serial device or an "
        "opc.tcp:// URL"
    )


def _scan(source: str, wanted: Wanted, progress: Callable[[str], None], *, serial: bool) -> FoundDevice:
    from hil.importing.modbus_client import Reader, RtuWire, TcpWire, Wire
    from hil.importing.modbus_scan import scan

    wire: Wire
    if serial:
        wire, protocol = RtuWire(source, wanted.baud, wanted.parity, wanted.timeout_s), "modbus-rtu"
    else:
        host, port = _address(source)
        wire, protocol = TcpWire(host, port, wanted.timeout_s), "modbus-tcp"
    with Reader(wire) as reader:
        found = scan(reader, source, protocol, wanted.scan, progress)
    if protocol == "modbus-rtu":
        found.settings |= {"baud": wanted.baud, "parity": wanted.parity}
    return found


def _address(source: str) -> tuple[str, int]:
    """Return host and port of a plain Modbus TCP address."""
    parts = urlsplit(source)
    path = parts.path.strip("/")
    if path in _OTHER_WIRES:
        raise CannotImportError(f"{source!r} is {_OTHER_WIRES[path]}")
    try:
        port = parts.port
    except ValueError:
        raise CannotImportError(f"the port of {source!r} is no number from 1 to 65535") from None
    if not parts.hostname or path or port == 0:
        raise CannotImportError(f"{source!r} is no address; write modbus-tcp://192.0.2.10:502")
    return parts.hostname, port or 502
