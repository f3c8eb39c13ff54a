"""``plantbench import``: make a rig of a register list, a live Modbus device or a live OPC UA server."""

import os
import re
from pathlib import Path
from typing import Annotated

import typer

TABLES = ("holding", "input", "coil", "discrete")


def import_rig(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE", help="a register list (.csv), modbus-tcp://HOST:PORT, a serial device, or opc.tcp://…"
        ),
    ],
    out: Annotated[Path | None, typer.Option(help="folder of the new rig; the device's name if not given")] = None,
    device: Annotated[str, typer.Option(help="id of the device, and name of the rig")] = "imported",
    units: Annotated[str, typer.Option(help="Modbus unit ids to scan, such as 1,3-5")] = "1",
    tables: Annotated[str, typer.Option(help="Modbus tables to scan")] = ",".join(TABLES),
    registers: Annotated[str, typer.Option(help="Modbus addresses to scan, first-last")] = "0-999",
    guess: Annotated[bool, typer.Option(help="look for 32-bit floats among the registers")] = True,
    samples: Annotated[int, typer.Option(min=1, max=1000, help="how often to read each value")] = 3,
    pause: Annotated[float, typer.Option(min=0.0, max=3600.0, help="seconds between two readings")] = 0.5,
    baud: Annotated[int, typer.Option(min=300, max=921600, help="of a serial device")] = 19200,
    parity: Annotated[str, typer.Option(help="even, odd or none")] = "even",
    timeout: Annotated[float, typer.Option(min=0.01, max=60.0, help="seconds to wait for an answer")] = 1.0,
    root: Annotated[str | None, typer.Option(help="OPC UA node to begin at, such as 'ns=2;s=Boiler'")] = None,
    user: Annotated[
        str | None, typer.Option(help="OPC UA user; the password is taken from PLANTBENCH_PASSWORD")
    ] = None,
    json_lines: Annotated[bool, typer.Option("--json", help="machine-readable lines on stdout")] = False,
) -> None:
    """Make a rig of SOURCE by reading it, never writing: an emulated twin of the device, and a binding to the real."""
    from hil.importing.importing import Wanted
    from hil.importing.importing import import_rig as make
    from hil.importing.modbus_scan import Scan

    if not re.fullmatch(r"[a-z][a-z0-9_]{0,32}", device):
        raise typer.BadParameter(
            f"{device!r} must be lower-case letters, digits and _, at most 33", param_hint="--device"
        )
    if parity not in ("even", "odd", "none"):
        raise typer.BadParameter(f"{parity!r} must be even, odd or none", param_hint="--parity")
    chosen = tuple(table.strip() for table in tables.split(","))
    if not set(chosen) <= set(TABLES):
        raise typer.BadParameter(f"{tables!r} must be some of {', '.join(TABLES)}", param_hint="--tables")
    addresses = _numbers(registers, "--registers", 0, 65535)
    scan = Scan(tuple(_numbers(units, "--units", 0, 247)), chosen, addresses[0], addresses[-1], samples, pause, guess)
    wanted = Wanted(scan, baud, parity, timeout, root, user, os.environ.get("PLANTBENCH_PASSWORD"))
    raise typer.Exit(make(source, out or Path(device), device, wanted, json_lines=json_lines))


def _numbers(text: str, option: str, low: int, high: int) -> list[int]:
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        if not first.isdigit() or not (last or first).isdigit() or not low <= int(first) <= int(last or first) <= high:
            raise typer.BadParameter(f"{text!r} must be numbers or ranges in {low}-{high}", param_hint=option)
        found += range(int(first), int(last or first) + 1)
    return found
