"""What a device puts on the line instead of a clean answer.

An answer becomes pieces: bytes with the silence before them. Without trouble it is one piece after the usual silence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, cast

from emulator.devices.serial.characters import CharacterFormat, misheard

if TYPE_CHECKING:
    from emulator.devices.serial.characters import Parity
    from emulator.devices.serial.timing import LineTiming
    from emulator.devices.serial.trouble import SerialTrouble

_FALLBACK_BAUD: Final = 19200


class Sealing(Protocol):
    """How frames are made on this line."""

    def seal(self, body: bytes) -> bytes:
        """Return the frame around unit and PDU."""
        ...

    def unseal(self, data: bytes) -> bytes:
        """Return unit and PDU of a frame of ours."""
        ...

    def with_wrong_check(self, data: bytes) -> bytes:
        """Return a frame of ours with a checksum that is not its own."""
        ...


@dataclass(slots=True)
class Piece:
    """Bytes of one talker without a gap inside.

    Parameters
    ----------
    data
        as everybody hears them.
    before_s
        silence since the piece before (the request, for the first) [s].
    length_s
        how long they take; None: as many characters as there are.
    stranger
        somebody else than the device says them.
    """

    data: bytes
    before_s: float
    length_s: float | None = None
    stranger: bool = False


def shaped(
    frame: bytes, trouble: SerialTrouble, timing: LineTiming, form: CharacterFormat, sealing: Sealing
) -> list[Piece]:
    """Return the pieces of an answer as the troubles of its device have it; none if it is lost whole."""
    body = whole(frame, sealing)
    unit = 0 if body is None else body[0]
    hits = trouble.hits
    character_s = timing.character_s or form.bits / _FALLBACK_BAUD
    before_s = timing.before_answer_s
    if hit := hits("serial_slow_slave", unit):
        before_s = max(before_s, hit.size)
    if hit := hits("serial_no_gap", unit):
        before_s = hit.size * character_s
    frame = _contents(frame, trouble, sealing)
    if hit := hits("serial_break", unit):
        return [Piece(b"\0", before_s, hit.size * character_s)]
    if hit := hits("serial_leading_noise", unit):
        frame = bytes(trouble.byte("serial_leading_noise") for _ in range(int(hit.size))) + frame
    if hit := hits("serial_trailing_zero", unit):
        frame += bytes(int(hit.size))
    length_s = None
    if hit := hits("serial_wrong_baud", unit):
        ratio = hit.size / (timing.baud or _FALLBACK_BAUD)
        length_s = len(frame) * character_s / ratio
        frame = misheard(frame, form, form, ratio)
    if hit := hits("serial_wrong_parity", unit):
        frame = misheard(frame, CharacterFormat(cast("Parity", hit.word), form.stop_bits), form)
    pieces = [Piece(frame, before_s, length_s)]
    if hit := hits("serial_gap_inside", unit):
        half = len(frame) // 2
        pieces = [Piece(frame[:half], before_s), Piece(frame[half:], hit.size * character_s)]
    return _company(pieces, trouble, timing, character_s, unit, sealing)


def whole(frame: bytes, sealing: Sealing) -> bytes | None:
    """Return unit and PDU of what a device says, if it is one frame."""
    try:
        body = sealing.unseal(frame)
    except ValueError:
        return None
    return body if len(body) > 1 else None


def _contents(frame: bytes, trouble: SerialTrouble, sealing: Sealing) -> bytes:
    body, hits = whole(frame, sealing), trouble.hits
    if body is None:
        # Another fault has made it something else than one frame already.
        return frame
    unit = body[0]
    if hit := hits("serial_reserved_address", unit):
        body = bytes((int(hit.size),)) + body[1:]
        frame = sealing.seal(body)
    if hit := hits("serial_long_frame", unit):
        body = body[:2] + b"\xff"
        frame = sealing.seal(body + bytes(k & 0xFF for k in range(int(hit.size) - len(body) - 2)))
    if hits("serial_crc_error", unit):
        frame = sealing.with_wrong_check(frame)
    if hit := hits("serial_truncated", unit):
        frame = frame[: max(1, len(frame) - int(hit.size))]
    return frame


def _company(
    pieces: list[Piece],
    trouble: SerialTrouble,
    timing: LineTiming,
    character_s: float,
    unit: int,
    sealing: Sealing,
) -> list[Piece]:
    """Add what others on the pair say around the answer."""
    hits = trouble.hits
    if hit := hits("serial_foreign_traffic", unit):
        pieces.insert(0, Piece(_neighbours_answer(int(hit.size), sealing), timing.before_answer_s, None, stranger=True))
    if hit := hits("serial_collision", unit):
        own = pieces[-1]
        other = _neighbours_answer(2 * ((len(own.data) - 5) // 2) or 2, sealing)
        # Negative: it starts before the piece in front of it has ended.
        length_s = own.length_s if own.length_s is not None else len(own.data) * timing.character_s
        pieces.append(Piece(other, hit.size * timing.bit_s - length_s, None, stranger=True))
    if hits("serial_idle_glitch", unit):
        after_s = timing.t3_5_s + 6.5 * character_s
        pieces.append(Piece(bytes((trouble.byte("serial_idle_glitch"),)), after_s, None, stranger=True))
    return pieces


def _neighbours_answer(size: int, sealing: Sealing) -> bytes:
    """Return the answer of unit 247, who is not ours, with `size` bytes of register values."""
    size = max(2, min(250, size - size % 2))
    return sealing.seal(bytes((247, 3, size)) + bytes((17 * k + 1) & 0xFF for k in range(size)))
