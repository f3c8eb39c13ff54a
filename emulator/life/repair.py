"""Repairs: what is asked for, what stands still meanwhile, and what is left of the damage."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Repair:
    """A repair that will be done.

    Attributes
    ----------
    on : asset, point or device.
    mode : one fault kind or wear; None: everything there.
    quality : share of the damage that stays; 0 as new.
    due_ns : plant time at which it is done [ns].
    drive : drive that stands still until then; None: none does.
    ran : whether the drive ran and is to run again.

    """

    on: str
    mode: str | None
    quality: float
    due_ns: int
    drive: str | None = None
    ran: bool = False
