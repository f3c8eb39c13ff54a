"""Plant sections shown in the guides are plants that come to life."""

import pytest

from emulator.emulation import Emulation
from rigs.load import load_rig
from tests.docs.blocks import ROOT, blocks
from tests.docs.test_yaml import data_of

PAGES = ("degradation.md", "regimes.md")
PLANTS = [
    block
    for page in PAGES
    for block in blocks(ROOT / "docs" / "guide" / page, "yaml")
    if set(data_of(block)) == {"plant"}
]


@pytest.mark.parametrize("block", PLANTS, ids=str)
@pytest.mark.slow_without_jit
def test_a_plant_comes_to_life_and_ages(block):
    emulation = Emulation(load_rig("pump_skid", data_of(block)["plant"]), seed=1)
    for _ in range(12):
        emulation.step()
    assert all(part["rul_s"] is None or part["rul_s"] > 0.0 for part in emulation.life.truth(emulation.t_ns).values())
