"""The bars of realism on recorded sets that are quick to judge; the bearings are judged by ``plantbench realism``."""

import pytest

from hil.realism import hydraulic_uci, motor_itsc, skab

pytestmark = [pytest.mark.data, pytest.mark.slow_without_jit]


def bars(module, folder, units=1):
    score = module.compare(folder, lambda _done, _total: None, units, 2)
    return {bar.name: bar for bar in score.bars}


@pytest.mark.parametrize("module", [motor_itsc, skab, hydraulic_uci], ids=["motor_itsc", "skab", "hydraulic_uci"])
def test_signs_and_ladder_meet_their_bars(recorded_data, module):
    name = module.__name__.rpartition(".")[2]
    if not (recorded_data / name).is_dir():
        pytest.skip(f"no {name} below {recorded_data}")
    found = bars(module, recorded_data / name)
    assert [f"{bar.name}: {bar.shown}" for bar in found.values() if not bar.met] == []
