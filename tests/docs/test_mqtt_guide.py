"""The conversation shown in the guide to MQTT is one that takes place."""

import importlib.util
import sys

from emulator.devices.mqtt.packets import Publish
from emulator.devices.sparkplug.encode import encode
from tests.docs.blocks import ROOT, blocks

PAGE = ROOT / "docs" / "guide" / "mqtt.md"
STATE = "spBv1.0/STATE/host"


def recipes():
    """The small node, broker and host that the fault pages use."""
    path = ROOT / "docs" / "faults" / "trace_mqtt.py"
    spec = importlib.util.spec_from_file_location("trace_mqtt", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault("trace_mqtt", module)
    spec.loader.exec_module(module)
    return module


def conversation():
    trace = recipes()
    cell = trace.Cell()
    host = trace.Host(cell)
    host.send(Publish(STATE, b'{"online":true,"timestamp":0}', 1, True, packet_id=1))
    cell.scan(2)
    host.send(Publish("spBv1.0/cell/NCMD/edge1", encode(trace.REBIRTH)))
    cell.scan(2)
    cell.image.power(online=False, t_ns=cell.image.t_ns)
    cell.image.power(online=True, t_ns=cell.image.t_ns)
    cell.scan()
    return cell.said()


def test_the_conversation_of_the_page_takes_place():
    (shown,) = [block.text for block in blocks(PAGE, "text") if "NBIRTH" in block.text and "PUBLISH" in block.text]
    assert shown.splitlines() == conversation()
