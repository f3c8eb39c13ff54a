"""What the faults that change readings, or the server's ways, have in common."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.opcua.wrongs import EVERY, Change, Shown, set_or_clear
from emulator.faults.base import parameters

if TYPE_CHECKING:
    from emulator.devices.opcua.misbehaviour import OpcUaMisbehaviour


class ServerFault:
    """A fault that the emulated server acts out.

    Parameters
    ----------
    params
        The fault's own parameters; `defaults` says which there are, `words` which words they may be.

    """

    kind: ClassVar[str] = ""
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("opcua",)
    defaults: ClassVar[dict[str, Any]] = {}
    words: ClassVar[dict[str, tuple[str, ...]]] = {}
    spans: ClassVar[dict[str, tuple[float, float]]] = {}

    def __init__(self, params: dict[str, Any]) -> None:
        self.params = parameters(self.kind, params, **self.defaults)
        for name, words in self.words.items():
            if self.params[name] not in words:
                raise ValueError(f"fault {self.kind}: {name} = {self.params[name]!r} must be one of {', '.join(words)}")
        for name, (low, high) in self.spans.items():
            if not low <= self.params[name] <= high:
                raise ValueError(f"fault {self.kind}: {name} = {self.params[name]!r} must be in [{low:g}, {high:g}]")


class ReadingFault(ServerFault):
    """A fault that changes readings of one point, or of all; severity is the share of the commits it strikes."""

    defaults: ClassVar[dict[str, Any]] = {"point": ""}

    def apply(self, target: "OpcUaMisbehaviour", severity: float, t_ns: int) -> None:
        """Change the share `severity` of readings from the next commit on; none at severity 0."""
        if severity <= 0.0:
            self.forget()
        change = Change(self.kind, severity, self.act) if severity > 0.0 else None
        set_or_clear(target.wrongs.changes, (self.kind, str(self.params["point"]) or EVERY), change)

    def forget(self) -> None:
        """Forget what an earlier onset left behind."""

    def act(self, shown: Shown) -> None:
        """Change what is shown of a reading."""
        raise AssertionError(f"{self.kind} changes nothing")
