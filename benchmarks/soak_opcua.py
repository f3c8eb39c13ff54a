"""Soaks an OPC UA device in malformed chunks: ``python benchmarks/soak_opcua.py [CHUNKS]`` (from the repository root).

Prints what was said, how long an honest client waited meanwhile, and what was left over: sessions, tasks, descriptors,
memory. The bytes are those of ``tests/emulator/devices/opcua/test_hardened.py``, from the same seed.
"""

# ruff: noqa: SLF001, ASYNC110 - it looks into what it soaks, and waits for others to go

import asyncio
import gc
import logging
import resource
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from emulator.devices.opcua import transport
from tests.emulator.devices.opcua import test_hardened as hostile
from tests.emulator.devices.opcua.conftest import running

PEERS = 4
OPCUA = {"security": {"reactivate_anonymous": False}}


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def soak(chunks: int) -> None:
    """Say so many chunks to a device, and look at what is left."""
    bodies = hostile.requests()
    async with running(connections=64, opcua=OPCUA) as bench:
        bench.commit()
        await hostile.conversation(bench.server.port, hostile.Draw("warm"), bodies, 2_000)
        gc.collect()
        tasks, files, memory = len(asyncio.all_tasks()), hostile._descriptors(), _megabytes()
        stop, begun = asyncio.Event(), time.perf_counter()
        honest = asyncio.create_task(hostile._honest(bench, stop))
        draws = [hostile.Draw(f"peer{i}") for i in range(PEERS)]
        said = await asyncio.gather(
            *(hostile.conversation(bench.server.port, draw, bodies, chunks // PEERS) for draw in draws)
        )
        took_s = time.perf_counter() - begun
        stop.set()
        waits = sorted(await honest)
        while bench.server._server.bserver.connections:
            await asyncio.sleep(0.05)
        gc.collect()
        p99_ms = waits[int(0.99 * len(waits))] * 1e3
        print(f"{sum(said)} malformed chunks in {took_s:.1f} s; {len(waits)} honest reads, p99 {p99_ms:.1f} ms")
        print(f"left over: {len(bench.server._server.iserver.sessions)} sessions,", end=" ")
        print(f"{len(asyncio.all_tasks()) - tasks} tasks, {hostile._descriptors() - files} descriptors,", end=" ")
        print(f"{_megabytes() - memory:.1f} MiB")


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    transport._MESSAGE_SECONDS = 0.05  # half a message is waited for 10 s; here it would be most of the time
    asyncio.run(soak(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
