"""link_flap: the link goes down and comes back, over and over, in plant time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from hil.insertion.link.base import LinkFault, Param

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hil.insertion.link.base import LinkTarget


class LinkFlap(LinkFault):
    """Of each `period_s` the link is down for `down_s`·severity: connections are reset, new ones refused."""

    kind: ClassVar[str] = "link_flap"
    per_connection: ClassVar[bool] = False
    parameters: ClassVar[Mapping[str, Param]] = {
        "period_s": Param(5.0, 0.01, 86_400.0),
        "down_s": Param(1.0, 0.0, 86_400.0),
    }

    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        self._onset_ns: int | None = None

    def apply(self, target: LinkTarget, severity: float, t_ns: int) -> None:
        """Be down or up as the phase since the onset says, at each block edge."""
        if severity <= 0.0:
            self._onset_ns = None
        elif self._onset_ns is None:
            self._onset_ns = t_ns
        phase_s = 0.0 if self._onset_ns is None else (t_ns - self._onset_ns) * 1e-9 % float(self.params["period_s"])
        down = phase_s < severity * float(self.params["down_s"])
        super().apply(target, severity if down else 0.0, t_ns)

    def listens(self) -> tuple[bool, int | None]:
        """Nowhere, while it is down."""
        return False, None

    def refuses(self, connection: int, *, existing: bool) -> bool:
        """Every connection, while it is down."""
        return True
