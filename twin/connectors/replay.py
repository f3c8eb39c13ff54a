"""A device played back from a history exported as Parquet, at the times it was received then."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rigs.devices.device import Device
from rigs.schema import Point
from twin.batch import Batch
from twin.connectors.base import ConnectorState


class ReplayConnector:
    """Plays readings and, where their samples were kept, waveforms of one device.

    Parameters
    ----------
    device, points : from the rig
    folder : a folder with `readings.parquet` and, if there are any, `waveforms.parquet`

    Raises
    ------
    ValueError : the folder holds no history
    """

    def __init__(self, device: Device, points: Sequence[Point], folder: str) -> None:
        import pyarrow.parquet as pq

        self._device = device.id
        wanted = {point.id for point in points}
        rows: list[dict[str, Any]] = []
        for name in ("readings", "waveforms"):
            path = Path(folder) / f"{name}.parquet"
            if path.is_file():
                rows += [row for row in pq.read_table(path).to_pylist() if row["point"] in wanted]
        if not (Path(folder) / "readings.parquet").is_file():
            raise ValueError(f"{folder} has no readings.parquet; export a history there first")
        self._rows = sorted(rows, key=lambda row: (row["t_received"], row["t_source"], row["point"]))
        self._next = 0
        self._state = ConnectorState("connected")

    @property
    def device(self) -> str:
        """Id of the device in the rig."""
        return self._device

    @property
    def state(self) -> ConnectorState:
        """`connected` until the recording ends."""
        return self._state

    async def poll(self, now_ns: int) -> list[Batch]:
        """Return everything that had been received by `now_ns` and was not returned before."""
        batches = []
        while self._next < len(self._rows) and self._rows[self._next]["t_received"] <= now_ns:
            row = self._rows[self._next]
            self._next += 1
            batch = _batch(row)
            if batch is not None:
                batches.append(batch)
        if batches:
            self._state = ConnectorState("connected", batches[-1].received_ns)
        elif self._next == len(self._rows):
            self._state = ConnectorState("down", self._state.last_good_ns, last_error="the recording is over")
        return batches

    async def close(self) -> None:
        """Stop playing."""
        self._next = len(self._rows)
        self._state = ConnectorState("down", self._state.last_good_ns)


def _batch(row: dict[str, Any]) -> Batch | None:
    common = {
        "point": row["point"],
        "t0_ns": row["t_source"],
        "quality": row["quality"],
        "received_ns": row["t_received"],
        "stamp": row["stamp"],
    }
    if "rate_hz" not in row:
        values = np.array([] if row["value"] is None else [row["value"]], dtype=np.float64)
        return Batch(dt_ns=0, values=values, **common)
    if row["samples"] is None:
        return None
    samples = np.array(row["samples"], dtype=np.float32)
    dt_ns = round(1e9 / row["rate_hz"])
    return Batch(dt_ns=dt_ns, values=samples, n0=row["n0"], rate_hz=row["rate_hz"], **common)
