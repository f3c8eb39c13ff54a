"""What a line does to everything on it: flipped bits, lost and extra bytes, lost start bits.

Drawn byte by byte from counters, so that it does not matter in which clumps the bytes came. Everybody on the pair
hears the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from emulator.devices.serial.characters import heard, levels

if TYPE_CHECKING:
    from emulator.devices.serial.characters import CharacterFormat
    from emulator.devices.serial.trouble import SerialTrouble

NOISE_KINDS: Final = ("serial_framing_error", "serial_bit_flips", "serial_lost_bytes", "serial_extra_bytes")


def disturbed(data: bytes, trouble: SerialTrouble, form: CharacterFormat) -> bytes:
    """Return what is heard of `data`, a run of characters without a gap."""
    now = trouble.now
    if "serial_framing_error" in now:
        data = _slipped(data, trouble, form)
    if "serial_bit_flips" in now:
        data = _flipped(data, trouble, form)
    if "serial_lost_bytes" in now:
        data = _thinned(data, trouble)
    if "serial_extra_bytes" in now:
        data = _swollen(data, trouble)
    return data


def _hit(kind: str, count: int, trouble: SerialTrouble) -> list[int]:
    draws = np.asarray(trouble.draws(kind, count))
    found = [int(k) for k in np.flatnonzero(draws < trouble.now[kind].share * trouble.now[kind].size)]
    if found:
        trouble.note(kind, f"{len(found)} of {count} bytes")
    return found


def _slipped(data: bytes, trouble: SerialTrouble, form: CharacterFormat) -> bytes:
    """Lose start bits: the receiver takes the next falling edge for one, and is out of step for a while."""
    hit = _hit("serial_framing_error", len(data), trouble)
    if not hit:
        return data
    line = levels(data, form)
    for index in hit:
        line[index * form.bits] = 1
    return heard(line, form)


def _flipped(data: bytes, trouble: SerialTrouble, form: CharacterFormat) -> bytes:
    kind = "serial_bit_flips"
    rate = trouble.now[kind].share * trouble.now[kind].size
    draws = np.asarray(trouble.draws(kind, len(data) * form.bits))
    hit = np.flatnonzero(draws < rate)
    if not hit.size:
        return data
    trouble.note(kind, f"{hit.size} of {draws.size} bits")
    line = levels(data, form)
    for bit in hit:
        line[bit] ^= 1
    out, at = bytearray(), 0
    # Only characters that were touched are heard anew, each by itself: a frame is long and flips are few.
    for index in dict.fromkeys((hit // form.bits).tolist()):
        out += data[at:index] + heard(line[index * form.bits : (index + 1) * form.bits], form)
        at = index + 1
    return bytes(out + data[at:])


def _thinned(data: bytes, trouble: SerialTrouble) -> bytes:
    lost = set(_hit("serial_lost_bytes", len(data), trouble))
    return bytes(byte for index, byte in enumerate(data) if index not in lost) if lost else data


def _swollen(data: bytes, trouble: SerialTrouble) -> bytes:
    hit = set(_hit("serial_extra_bytes", len(data), trouble))
    if not hit:
        return data
    out = bytearray()
    for index, byte in enumerate(data):
        out.append(byte)
        if index in hit:
            out.append(trouble.byte("serial_extra_bytes"))
    return bytes(out)
