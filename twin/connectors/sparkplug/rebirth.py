"""Asking an edge node to begin anew: the command's bytes, and how often it may be sent."""

SECOND_NS = 1_000_000_000
WINDOW_NS = 5 * SECOND_NS
"""At most one request in this time, whatever the node does: two nodes with one id would else storm for ever."""
WINDOW_CAP_NS = 60 * SECOND_NS


class RebirthLimit:
    """Decides when a wanted rebirth may be asked for: at once, then ever more slowly while it does not help."""

    __slots__ = ("_asked_ns", "_window_ns", "asked")

    def __init__(self) -> None:
        self._asked_ns: int | None = None
        self._window_ns = WINDOW_NS
        self.asked = 0

    def allow(self, now_ns: int) -> bool:
        """Whether a request may go now; if so it counts as sent."""
        if self._asked_ns is not None:
            passed = now_ns - self._asked_ns
            if 0 <= passed < self._window_ns:
                return False
            # The birth that answered the last request held for a while: that was no storm.
            calm = not 0 <= passed < 2 * self._window_ns
            self._window_ns = WINDOW_NS if calm else min(WINDOW_CAP_NS, 2 * self._window_ns)
        self._asked_ns = now_ns
        self.asked += 1
        return True


def rebirth_command(timestamp_ms: int) -> bytes:
    """Encode the NCMD that sets `Node Control/Rebirth` (Sparkplug 3.0, 6.4.23): a timestamp and no sequence number."""
    stamp = _varint(timestamp_ms)
    name = b"Node Control/Rebirth"
    metric = bytes([0x0A, len(name)]) + name + b"\x18" + stamp + b"\x20\x0b\x70\x01"
    return b"\x08" + stamp + b"\x12" + _varint(len(metric)) + metric


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
