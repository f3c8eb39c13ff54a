"""The skid without waveforms, in blocks of a second: quick enough to live through."""

import pytest

from emulator.emulation import Emulation
from rigs.load import load_rig


@pytest.fixture
def alive(tmp_path):
    """Return a function that brings the skid to life with what stands under ``plant``."""

    def bring(block_ms: int = 1000, seed: int = 1, log: bool = False, **plant) -> Emulation:
        rig = load_rig("pump_skid", plant)
        clock = rig.clock.model_copy(update={"block": block_ms * 1_000_000})
        points = tuple(point for point in rig.points if point.waveform is None)
        rig = rig.model_copy(update={"clock": clock, "points": points})
        return Emulation(rig, seed, truth_path=tmp_path / "truth.jsonl" if log else None)

    return bring
