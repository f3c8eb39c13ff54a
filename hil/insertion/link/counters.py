"""What passed a link, for the record."""

from dataclasses import asdict, dataclass


@dataclass(slots=True)
class LinkCounters:
    """What passed, for the record; byte counts are of bytes received from each side."""

    connections: int = 0
    open: int = 0
    resets: int = 0
    unreachable: int = 0
    bytes_up: int = 0
    bytes_down: int = 0
    swallowed_up: int = 0
    swallowed_down: int = 0

    def to_json(self) -> dict[str, int]:
        """JSON form."""
        return asdict(self)
