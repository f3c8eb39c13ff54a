import asyncio

import numpy as np
import pytest

from rigs.devices.device import Device
from rigs.schema import Point
from twin.batch import Batch, reading
from twin.connectors.registry import make_connector
from twin.history.store import History

DEVICE = Device.model_validate({"id": "dev", "protocol": "opcua", "namespace": "urn:x"})


def point(name):
    return Point.model_validate(
        {"id": name, "device": "dev", "asset": "a", "quantity": "q", "signal": "", "opcua": {"node": "A"}}
    )


def test_a_recorded_history_is_played_back_at_the_times_it_was_received(tmp_path):
    history = History(tmp_path / "h.duckdb", raw_waveforms=True)
    samples = np.arange(5, dtype=np.float32)
    history.add([reading("p.a", 90, 1.0, 100), reading("p.other", 90, 1.0, 100), reading("p.a", 190, 2.0, 200)])
    history.add([Batch("p.w", 150, 10, samples, 0, 200, 7, 1e8, "source")])
    history.export_parquet(tmp_path / "out")
    history.close()
    player = make_connector(DEVICE, [point("p.a"), point("p.w")], f"replay:{tmp_path / 'out'}", None, 0)

    async def play():
        return [await player.poll(now) for now in (99, 100, 150, 500, 600)]

    nothing, first, still, rest, over = asyncio.run(play())
    assert (nothing, still, over) == ([], [], [])
    assert [(b.point, b.t0_ns) for b in first] == [("p.a", 90)]
    assert [(b.point, b.n0) for b in rest] == [("p.w", 7), ("p.a", None)]
    np.testing.assert_array_equal(rest[0].values, samples)
    assert player.state.status == "down"


def test_a_folder_without_a_history_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"has no readings\.parquet; export a history there first"):
        make_connector(DEVICE, [point("p.a")], f"replay:{tmp_path}", None, 0)
