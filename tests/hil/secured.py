"""A rig with three secured devices, one on each wire, and the twin's connectors on it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from emulator.clock import LOCKSTEP_EPOCH_NS
from hil.rig import LiveRig
from rigs.devices.device import Device
from rigs.load import load_rig
from rigs.schema import FaultSpec, Rig
from twin.connectors.base import Connector
from twin.connectors.registry import make_connector

WORDS = {"PLC_WORD": "quiet-hazel-lantern", "BROKER_WORD": "amber-otter-crossing"}
HASH = "scrypt$" + "5f" * 16 + "$" + "c3" * 32
RIG = f"""\
rig: locked_box
clock: {{block: 100 ms}}
assets:
  - id: box1
    kind: stand_in
    holds:
      a: {{value: 10, wander: 1, settle: 5}}
      b: {{value: 20, wander: 1, settle: 5}}
      c: {{value: 30, wander: 1, settle: 5}}
devices:
  - {{id: meter1, protocol: modbus-tcp, timeout: 500 ms, modbus: {{tls: {{}}}}}}
  - id: plc1
    protocol: opcua
    namespace: urn:plantbench:plc1
    timeout: 2 s
    opcua:
      security:
        endpoints: [Basic256Sha256_SignAndEncrypt]
        users: [{{name: reader, password: "env:PLC_WORD"}}]
        anonymous: refused
      client: {{endpoint: Basic256Sha256_SignAndEncrypt, user: reader, password_env: PLC_WORD}}
  - id: edge1
    protocol: mqtt
    timeout: 200 ms
    mqtt:
      tls: true
      refresh: 200 ms
      user: twin
      password_env: BROKER_WORD
      accounts: [{{user: twin, password_env: BROKER_WORD}}, {{user: other, password_hash: "{HASH}"}}]
points:
  - {{id: box1.a, device: meter1, asset: box1, quantity: a, range: [0, 100], signal: box1.a, modbus: {{unit: 1, table: input, register: 0, type: f32}}}}
  - {{id: box1.b, device: plc1, asset: box1, quantity: b, range: [0, 100], signal: box1.b, opcua: {{node: Box/B}}}}
  - {{id: box1.c, device: edge1, asset: box1, quantity: c, range: [0, 100], signal: box1.c, mqtt: {{metric: Box/C}}}}
"""
DEVICES = {"meter1": "box1.a", "plc1": "box1.b", "edge1": "box1.c"}
TRUE = {"box1.a": 10.0, "box1.b": 20.0, "box1.c": 30.0}


def rig_in(folder: Path) -> Rig:
    """Return the rig, its file in `folder`."""
    (folder / "rig.yaml").write_text(RIG)
    return load_rig(folder / "rig.yaml")


def as_client(device: Device, **changed: Any) -> dict[str, Any]:
    """Return what to update a device with, so that its client's settings are changed."""
    if device.protocol == "opcua":
        client = device.opcua.client.model_copy(update=changed)
        return {"opcua": device.opcua.model_copy(update={"client": client})}
    if device.protocol == "mqtt":
        return {"mqtt": device.mqtt.model_copy(update=changed)}
    assert device.modbus.tls is not None
    tls = device.modbus.tls.model_copy(update=changed)
    return {"modbus": device.modbus.model_copy(update={"tls": tls})}


class Bench:
    """The rig alive, and one connector of the twin for each device."""

    def __init__(self, live: LiveRig) -> None:
        self.live = live
        self.connectors: dict[str, Connector] = {}
        self.now_ns = LOCKSTEP_EPOCH_NS

    def connect(self, device: str, **changed: Any) -> Connector:
        """Return a new connector of a device, as the twin makes it."""
        rig = self.live.rig
        told = rig.device(device).model_copy(update=changed)
        made = make_connector(told, rig.points_of(device), self.live.endpoints[device], None, 1)
        self.connectors[device] = made
        return made

    async def read(self, device: str) -> dict[str, float]:
        """Step the plant and poll until a value comes or the link is down; return good values by point."""
        for _ in range(3):
            self.live.emulation.step()
            self.now_ns += 20_000_000_000  # past any back-off
            batches = await self.connectors[device].poll(self.now_ns)
            good = {b.point: float(b.values[-1]) for b in batches if len(b.values) and not b.quality & 0x80000000}
            if good or self.connectors[device].state.status != "connected":
                return good
        return {}

    def fault(self, kind: str, on: str, severity: float = 1.0, **params: Any) -> int:
        """Start a fault now; returns its id."""
        desk = self.live.emulation.desk
        made = desk.add(FaultSpec(kind=kind, on=on, severity=severity, params=params))
        self.live.emulation.step()
        return made

    def heal(self, fault: int) -> None:
        """End a fault now."""
        self.live.emulation.desk.clear(fault, self.live.emulation.t_ns)
        self.live.emulation.step()


@contextlib.asynccontextmanager
async def alive(rig: Rig, **more: Any) -> AsyncIterator[Bench]:
    """Bring the rig to life, with links in front of its devices."""
    live = LiveRig(rig, 1, LOCKSTEP_EPOCH_NS, rate=None, **more)
    await live.start()
    bench = Bench(live)
    live.emulation.step()
    try:
        yield bench
    finally:
        for connector in bench.connectors.values():
            await connector.close()
        await live.stop()


def play(rig: Rig, talk: Callable[[Bench], Any], **more: Any) -> None:
    """Run a conversation on the live rig."""

    async def main() -> None:
        async with alive(rig, **more) as bench:
            await talk(bench)

    asyncio.run(main())
