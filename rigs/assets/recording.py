"""A machine that exists as a recording."""

from typing import Literal

from rigs.assets.base import Nameplate


class Recording(Nameplate):
    """A machine known only by a recording of it; which recording is the plant's private matter."""

    kind: Literal["recording"]
