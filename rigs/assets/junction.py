"""Junction of pipes, and the mains."""

from typing import Literal

from rigs.assets.base import Nameplate
from rigs.quantity import Pressure, VolumeFlow


class Junction(Nameplate):
    """Where pipes of a network meet; `demand` is what is drawn there."""

    kind: Literal["junction"]
    demand: VolumeFlow = 0.0


class WaterMain(Nameplate):
    """A place whose gauge pressure nothing here changes: the mains, or a free outlet."""

    kind: Literal["water_main"]
    pressure: Pressure = 0.0
