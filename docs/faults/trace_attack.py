"""Traces of attacks on a Modbus TCP link: what the device said, and what the client was told."""

import struct
from typing import Any

from emulator.streams import Streams
from hil.insertion.link.base import create
from hil.traces.modbus import lines
from hil.traces.tap import Piece


class _Link:
    def stream(self, kind: str) -> Any:
        return Streams(1)(f"link/drive1/{kind}")

    def attach(self, fault: Any) -> None:
        fault.start()

    def detach(self, fault: Any) -> None: ...


def _play(kind: str, params: dict[str, Any], values: list[float], severities: list[float]) -> list[str]:
    fault = create(kind, params)
    told: list[str] = []
    pieces: list[Piece] = []
    for number, (value, severity) in enumerate(zip(values, severities, strict=True), 1):
        fault.apply(_Link(), severity, 0) if number == 1 else setattr(fault, "severity", severity)
        request = struct.pack(">HHHBBHH", number, 0, 6, 1, 4, 0, 2)
        answer = struct.pack(">HHHBBBf", number, 0, 7, 1, 4, 4, value)
        told.append(f"  the device answers {value:g}")
        pieces += [Piece(1, "up", fault.altered(0, "up", request)), Piece(1, "down", fault.altered(0, "down", answer))]
    said = lines(pieces)
    return [line for k, note in enumerate(told) for line in (note, *said[2 * k : 2 * k + 2])]


RECIPES = {
    "attack_tamper": lambda: _play("attack_tamper", {"add": 4.0}, [10.0, 10.5, 10.25], [0.25, 0.5, 1.0]),
    "attack_replay": lambda: _play("attack_replay", {"answers": 2.0}, [10.0, 10.5, 12.0, 14.0], [1.0, 1.0, 1.0, 1.0]),
}
