"""Every fault of a TCP protocol or a link strikes a live rig, says so in the truth log, and leaves the wire sound."""

import asyncio

import pytest

from emulator.clock import LOCKSTEP_EPOCH_NS
from hil.insertion.catalogue import all_kinds
from hil.rig import LiveRig
from rigs.load import load_rig
from rigs.schema import FaultSpec
from tests.hil.wire_traffic import TRAFFIC

RIG = """\
rig: three_wires
clock: {block: 100 ms}
assets:
  - id: box1
    kind: stand_in
    holds:
      a: {value: 10, wander: 1, settle: 5}
      b: {value: 20, wander: 1, settle: 5}
      c: {value: 30, wander: 1, settle: 5}
devices:
  - {id: meter1, protocol: modbus-tcp}
  - {id: plc1, protocol: opcua}
  - {id: edge1, protocol: mqtt, mqtt: {refresh: 500 ms}}
points:
  - {id: m.a, device: meter1, asset: box1, quantity: a, range: [0, 100], signal: box1.a, modbus: {unit: 1, table: input, register: 0, type: f32}}
  - {id: box1.b, device: plc1, asset: box1, quantity: b, range: [0, 100], signal: box1.b, opcua: {node: Box/B}}
  - {id: box1.c, device: edge1, asset: box1, quantity: c, range: [0, 100], signal: box1.c, mqtt: {metric: Box/C}}
  - {id: m.s, device: meter1, asset: box1, quantity: a, range: [0, 100], write: box1.a, modbus: {unit: 1, table: holding, register: 16, type: f32}}
  - {id: o.s, device: plc1, asset: box1, quantity: b, range: [0, 100], write: box1.b, opcua: {node: Box/Set}}
"""
WIRES = {kind: fault for kind, fault in all_kinds().items() if fault.layer in ("protocol", "link")}
NEEDED = {
    "modbus_small_limits": {"registers": 1},
    "opcua_limits_small": {"nodes": 2},
    "opcua_keepalive_withheld": {"what": "everything"},
    "link_limit": {"bytes": 5},
    "link_corrupt": {"per_byte": 0.5},
    "link_drop_bytes": {"per_byte": 0.5},
    "link_duplicate_bytes": {"per_byte": 0.5},
    "opcua_node_moved": {"point": "box1.b"},
    "opcua_node_retyped": {"point": "box1.b"},
    "opcua_semantics_changed": {"point": "box1.b"},
}
TLS = "acts on TLS, which no device here speaks: tests/hil/test_secured_rig.py, its page's trace"
SECURE = "acts on secured channels or their renewal: their pages' traces"
MESSAGES = "acts on traffic of its own: tests/hil/insertion/test_opcua_faults.py"
ELSEWHERE = {
    "mqtt_broker_restart": "its broker is away for plant time, and then sound: its page's trace",
    "mqtt_qos2_broken": "acts on QoS 2 messages to a subscriber: its page's trace",
    "mqtt_will_delayed": "acts on wills: its page's trace",
    "sparkplug_ddeath_one_device": "acts on a node with devices below it: its page's trace",
    "modbus_connection_limit": "acts on a second client: tests/emulator/faults/test_modbus_protocol_faults.py",
    "sparkplug_rebirth_ignored": "acts on requests the node takes: its page's trace",
    "tls_certificate": TLS,
    "tls_handshake_stalls": TLS,
    "tls_refused_client": TLS,
    "tls_version_old": TLS,
    "attack_tamper": "acts on signed channels and on writes it is told to change: tests/hil/insertion/test_attacks.py",
    "opcua_certificate": SECURE,
    "opcua_channel_renewal": SECURE,
    "opcua_endpoints_downgraded": SECURE,
    "opcua_wrong_server_signature": SECURE,
    "opcua_history_gaps": MESSAGES,
    "opcua_transfer_refused": MESSAGES,
}


def fitting(protocol):
    return sorted(kind for kind, fault in WIRES.items() if protocol in fault.targets and kind not in ELSEWHERE)


async def struck(alive, traffic, kind):
    """Inject one fault amid traffic and step until it acts; then clear it and step until all is well."""
    emulation, on = alive.emulation, traffic.device
    talking = asyncio.create_task(traffic.talk(alive.endpoints[on]))
    try:
        for _ in range(3):
            emulation.step()
            await asyncio.sleep(0.003)
        number = emulation.desk.add(FaultSpec(kind=kind, on=on, params=NEEDED.get(kind, {})))
        for _ in range(4000):
            emulation.step()
            await asyncio.sleep(0.003)
            if any(truth.inserted for truth in emulation.truth.faults if truth.id == number):
                break
        else:
            return f"{kind} did not act"
        emulation.desk.clear(number, emulation.t_ns)
    finally:
        while not talking.done():  # asyncio.wait_for of Python 3.11 may swallow a cancellation
            talking.cancel()
            await asyncio.wait({talking}, timeout=0.05)
    problem: BaseException | None = None
    for _ in range(20):
        asking = asyncio.create_task(traffic.good(alive.endpoints[on]))
        while not asking.done():
            emulation.step()
            await asyncio.sleep(0.002)
        problem = asking.exception()
        if problem is None:
            return None
    return f"{kind} left the wire unsound: {problem!r}"


@pytest.mark.parametrize("protocol", sorted(TRAFFIC))
def test_every_fault_of_a_wire_acts_says_so_and_goes(tmp_path, protocol):
    (tmp_path / "rig.yaml").write_text(RIG)
    rig = load_rig(tmp_path / "rig.yaml")

    async def main():
        alive = LiveRig(rig, 1, LOCKSTEP_EPOCH_NS, rate=None)
        await alive.start()
        try:
            wrong = [await struck(alive, TRAFFIC[protocol], kind) for kind in fitting(protocol)]
            assert "\n".join(filter(None, wrong)) == ""
        finally:
            await alive.stop()

    asyncio.run(main())
