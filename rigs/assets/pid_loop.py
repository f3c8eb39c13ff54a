"""Controller."""

from typing import Literal

from pydantic import Field

from rigs.assets.base import Nameplate
from rigs.quantity import Duration, Number, Seconds, VolumeFlow


class PidLoop(Nameplate):
    """ISA-form controller acting on the asset it is joined to by a control connection."""

    kind: Literal["pid_loop"]
    gain: Number
    integral_time: Seconds = Field(gt=0)
    derivative_time: Seconds = 0.0
    scan: Duration = Field(gt=0)
    span: VolumeFlow = Field(gt=0)
