"""A serial line that several devices share: one port, one conversation at a time, each device in its turn."""

import asyncio
import weakref
from collections.abc import Callable

from twin.connectors.modbus_dialogue import RtuDialogue


class SharedLine:
    """The one dialogue of a port, opened when first needed and closed when its last user lets go."""

    def __init__(self, make: Callable[[], RtuDialogue]) -> None:
        self._make = make
        self._dialogue: RtuDialogue | None = None
        self.lock = asyncio.Lock()
        self.users = 0

    @property
    def open(self) -> bool:
        """Whether the line can be used."""
        return self._dialogue is not None and self._dialogue.open

    def dialogue(self) -> RtuDialogue:
        """Return the dialogue, opening the port if it is not; PipeLostError when it cannot be opened."""
        if self._dialogue is None or not self._dialogue.open:
            self._dialogue = self._make()
        return self._dialogue

    def close(self) -> None:
        """Close the port."""
        if self._dialogue is not None:
            self._dialogue.close()
        self._dialogue = None


_lines: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, SharedLine]] = weakref.WeakKeyDictionary()


class LineDialogue:
    """One device's share of a line.

    A shared dialogue knows which questions to which units are still without an answer, so a late answer to one
    device is never taken for that of another.
    """

    def __init__(self, port: str, timeout_s: float, make: Callable[[], RtuDialogue]) -> None:
        lines = _lines.setdefault(asyncio.get_running_loop(), {})
        self._lines, self._port, self._timeout_s = lines, port, timeout_s
        self._line = lines.setdefault(port, SharedLine(make))
        self._line.dialogue()
        self._line.users += 1
        self._held = True

    @property
    def open(self) -> bool:
        """Whether the line can still be used."""
        return self._held and self._line.open

    async def ask(self, unit: int, function: int, start: int, count: int) -> list[int]:
        """Read `count` registers or bits when it is this device's turn; see `Dialogue.ask`."""
        async with self._line.lock:
            dialogue = self._line.dialogue()
            dialogue.timeout_s = self._timeout_s
            return await dialogue.ask(unit, function, start, count)

    def close(self) -> None:
        """Let go of the line; the last one closes the port."""
        if not self._held:
            return
        self._held = False
        self._line.users -= 1
        if self._line.users == 0:
            self._line.close()
            if self._lines.get(self._port) is self._line:
                del self._lines[self._port]
