"""Points of one device that are taken at different rates."""

from emulator.emulation import Emulation
from tests.emulator.skids import skid

SECOND = 1_000_000_000


def test_a_point_with_a_period_of_its_own_changes_only_then_and_keeps_its_stamp():
    rig = skid()
    points = tuple(
        p.model_copy(update={"every": 2 * SECOND}) if p.id == "pump1.flow" else p for p in rig.points if not p.waveform
    )
    emulation = Emulation(rig.model_copy(update={"points": points}), seed=1)
    stamps = []
    for _ in range(65):
        emulation.step()
        reading = emulation.images["plc1"].readings["pump1.flow"]
        level = emulation.images["plc1"].readings["tank1.level"]
        stamps.append((reading.t_ns - emulation.epoch_ns, level.t_ns - emulation.epoch_ns))
    assert sorted({flow for flow, _ in stamps}) == [SECOND // 10, 2 * SECOND, 4 * SECOND, 6 * SECOND]
    assert [level for _, level in stamps] == [(n + 1) * SECOND // 10 for n in range(65)]
