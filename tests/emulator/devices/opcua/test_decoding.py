import struct
import time

import pytest
from asyncua import ua
from asyncua.ua.ua_binary import struct_from_binary, struct_to_binary, variant_from_binary

from emulator.devices.opcua.decoding import READS, Ration, close_doors

ARRAYS = [(24, b"\0"), (23, b"\0"), (22, b"\0\0\0"), (21, b"\0"), (17, b"\0\0"), (25, b"\0")]


@pytest.mark.parametrize(("type_", "element"), ARRAYS)
def test_a_request_of_many_small_values_is_given_up_soon(type_: int, element: bytes):
    close_doors()
    count = 16 * 1024 * 1024 // len(element)
    body = Ration(bytes((0x80 | type_,)) + struct.pack("<i", count) + element * count)
    began = time.process_time()
    with pytest.raises(ua.UaStatusCodeError) as refused:
        variant_from_binary(body)
    assert refused.value.code == ua.StatusCodes.BadEncodingLimitsExceeded
    assert body.spent
    assert time.process_time() - began < 20.0  # a whole one would take minutes


def test_parts_share_the_ration():
    whole = Ration(b"x" * 100, left=[3])
    part = whole.copy(10)
    assert part.read(1) + whole.read(1) + part.read(1) == b"xxx"
    with pytest.raises(ua.UaStatusCodeError):
        whole.read(1)


def test_the_largest_request_that_is_granted_fits():
    params = ua.CreateMonitoredItemsParameters()
    item = ua.MonitoredItemCreateRequest()
    item.ItemToMonitor = ua.ReadValueId(ua.NodeId("plc1/Some/Point", 2), ua.AttributeIds.Value)
    params.ItemsToCreate = [item] * 10_000
    body = Ration(struct_to_binary(params))
    assert len(struct_from_binary(ua.CreateMonitoredItemsParameters, body).ItemsToCreate) == 10_000
    assert not body.spent
    assert READS < 10_000 * 25
