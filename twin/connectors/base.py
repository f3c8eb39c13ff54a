"""What every connector offers the runtime, whatever protocol it speaks."""

from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from twin.batch import Batch

LinkStatus: TypeAlias = Literal["connected", "backoff", "down"]


@dataclass(frozen=True, slots=True)
class ConnectorState:
    """How the link to one device stands, as of the last poll.

    Parameters
    ----------
    status : `connected` after a good answer, `backoff` while waiting to try again, `down` before the first
        try and after close
    last_good_ns : when the last good answer was asked for (UTC ns), None before the first
    reconnects : connections made again after one was lost
    errors : failed polls since the start
    last_error : what went wrong last, in words; None while all is well
    outage_since_ns : since when no poll has succeeded, None while polls succeed
    skew_ns : device clock minus twin clock where the device tells its time, else None
    gone_since_ns : since when the device is known to be gone because it said so, or its broker for it; None else
    """

    status: LinkStatus
    last_good_ns: int | None = None
    reconnects: int = 0
    errors: int = 0
    last_error: str | None = None
    outage_since_ns: int | None = None
    skew_ns: int | None = None
    gone_since_ns: int | None = None


class Connector(Protocol):
    """One device seen from the twin: polled by the runtime, never polling by itself.

    A connector raises nothing at its caller for anything a peer can do: whatever goes wrong on the link
    becomes batches of bad quality and a new `state`.
    """

    @property
    def device(self) -> str:
        """Id of the device in the rig."""

    @property
    def state(self) -> ConnectorState:
        """How the link stands."""

    async def poll(self, now_ns: int) -> list[Batch]:
        """Ask the device for all its points once and return what came, in SI units.

        Parameters
        ----------
        now_ns : the twin's time at the start of this poll, UTC ns. Back-off is counted in it, so a lockstep
            run repeats.
        """

    async def close(self) -> None:
        """Let go of the connection and everything that belongs to it."""
