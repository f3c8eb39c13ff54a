"""What link faults did stands in the truth log, by connection; a fault on a point must name one that is there."""

import asyncio
from urllib.parse import urlsplit

import pytest

from emulator.clock import LOCKSTEP_EPOCH_NS
from emulator.desk import check_fault
from hil.insertion.catalogue import all_kinds
from hil.insertion.link.notes import MOST_A_BLOCK, LinkNotes
from hil.rig import LiveRig
from rigs.load import load_rig
from rigs.schema import FaultSpec

READ = bytes.fromhex("0001 0000 0006 01 04 0000 0002")


def test_a_thing_is_told_once_a_block_and_a_storm_is_bounded():
    told, now = [], [0]
    notes = LinkNotes(lambda *what: told.append(what), lambda: now[0])
    for _ in range(3):
        notes("link_drip", "connection 1: down delayed")
    assert len(told) == 1
    now[0] = 1
    for number in range(2 * MOST_A_BLOCK):
        notes("link_reset", f"connection {number}: reset")
    assert len(told) == 1 + MOST_A_BLOCK


@pytest.mark.parametrize(("severity", "connection", "expected"), [(1.0, 0, 2), (1.0, 2, 1), (0.0, 0, 0)])
def test_a_link_fault_is_told_by_connection_and_at_severity_0_never(tmp_path, severity, connection, expected):
    async def main():
        alive = LiveRig(load_rig("pump_skid"), 1, LOCKSTEP_EPOCH_NS, truth_path=tmp_path / "truth.jsonl", rate=None)
        await alive.start()
        try:
            params = {"size": 3, "delay_ms": 0, "connection": connection}
            alive.emulation.desk.add(FaultSpec(kind="link_slicer", on="drive1", severity=severity, params=params))
            alive.emulation.step()
            parts = urlsplit(alive.endpoints["drive1"])
            for _ in range(2):
                reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
                writer.write(READ)
                async with asyncio.timeout(5):
                    await reader.readexactly(9)
                writer.close()
            assert sum(fault.inserted for fault in alive.emulation.truth.faults) == expected
        finally:
            await alive.stop()
        log = (tmp_path / "truth.jsonl").read_text()
        assert log.count('"event": "insertion"') == expected
        assert ("connection 2: down cut up" in log) is bool(expected)

    asyncio.run(main())


def test_a_point_that_is_not_the_device_s_is_refused_with_the_nearest():
    rig, kinds = load_rig("pump_skid"), all_kinds()
    for kind in ("opcua_node_moved", "opcua_node_retyped", "opcua_semantics_changed", "opcua_status"):
        good = FaultSpec(kind=kind, on="plc1", params={"point": "pump1.flow"})
        assert check_fault(good, rig, kinds) is None
        bad = FaultSpec(kind=kind, on="plc1", params={"point": "pump1.flaw"})
        assert "no variable for point 'pump1.flaw'; did you mean 'pump1.flow'?" in (check_fault(bad, rig, kinds) or "")
