"""When a device counts as lost."""

from rigs.load import load_rig
from twin.connectors.base import ConnectorState
from twin.diagnose.devices import DeviceMonitor
from twin.diagnose.ledger import Ledger

SECOND = 1_000_000_000


def test_a_device_that_said_goodbye_is_lost_at_once_and_back_with_its_birth():
    ledger = Ledger()
    monitor = DeviceMonitor(load_rig("sparkplug_cell"), {}, ledger)
    monitor.devices["edge1"].last_good_ns = 10 * SECOND
    well = ConnectorState("connected", 10 * SECOND)
    assert monitor.judge(10 * SECOND, {"edge1": well}) == frozenset()
    gone = ConnectorState("connected", 10 * SECOND, outage_since_ns=11 * SECOND, gone_since_ns=11 * SECOND)
    assert monitor.judge(11 * SECOND, {"edge1": gone}) == {"edge1"}
    (finding,) = ledger.take_changes()
    assert (finding.fault, finding.on, finding.onset_ns) == ("communication_lost", "edge1", 11 * SECOND)
    assert monitor.judge(12 * SECOND, {"edge1": well}) == frozenset()
    assert [finding.state for finding in ledger.take_changes()] == ["closed"]
