"""Foreign stacks on every framing: pymodbus (TCP, ASCII and RTU in a stream, TLS), pyModbusTCP, openssl.

What each client says it got is compared with what our decoder read off the wire between them.
"""

import asyncio
import ssl

import pymodbus.client as pymodbus_client
import pytest

from emulator.devices.image import GOOD, DeviceImage, Reading
from emulator.devices.modbus.security import TlsServing
from emulator.devices.modbus.server import ModbusTcpServer
from emulator.streams import Streams
from hil.insertion.link.proxy import LinkProxy
from hil.traces.modbus import lines
from hil.traces.tap import Transcript
from rigs.devices.device import Device
from rigs.schema import Point

pytestmark = pytest.mark.wire

ADDRESSES = {
    "a.u": {"table": "input", "register": 0, "type": "u16"},
    "a.f": {"table": "input", "register": 2, "type": "f32", "order": "CDAB"},
    "a.h": {"table": "holding", "register": 10, "type": "u16"},
    "a.b": {"table": "input", "register": 4, "type": "bcd32"},
}
VALUES = {"a.u": 421.0, "a.f": 3.25, "a.h": 7.0, "a.b": 12345678.0}


def talk_to(settings, client, *, tls=None):
    """Run `client(port)` in a thread against a device behind a tapped link; return (image's writes, trace)."""

    async def main():
        device = Device.model_validate(
            {"id": "d", "protocol": "modbus-tcp", "modbus": settings}
            | {"identities": [{"unit": 5, "vendor": "Somebody", "product": "P1", "model": "M"}]}
        )
        points = tuple(
            Point.model_validate(
                {"id": name, "device": "d", "asset": "a", "quantity": "q", "signal": "x", "range": (0, 99999999)}
                | {"modbus": {"unit": 5} | address}
                | ({"write": "x"} if address["table"] == "holding" else {})
            )
            for name, address in ADDRESSES.items()
        )
        image = DeviceImage(device, points, 0)
        server = ModbusTcpServer.from_image(image, tls=tls)
        await server.start()
        image.commit({name: Reading(value, GOOD, 0) for name, value in VALUES.items()}, 1)
        proxy = LinkProxy("d", "127.0.0.1", server.port, Streams(1))
        transcript = Transcript()
        proxy.tap = transcript.take
        await proxy.start()
        try:
            await asyncio.wait_for(asyncio.to_thread(client, proxy.address[1]), 20)
        finally:
            await proxy.stop()
            await server.stop()
        return image.take_writes(), transcript.pieces

    return asyncio.run(main())


def speak(client):
    """Have a pymodbus client read, write, read back and ask who is there."""
    assert client.connect()
    try:
        assert client.read_input_registers(0, count=1, device_id=5).registers == [421]
        assert client.read_input_registers(2, count=2, device_id=5).registers == [0x0000, 0x4050]
        assert client.read_input_registers(4, count=2, device_id=5).registers == [0x1234, 0x5678]
        assert client.read_holding_registers(11, count=1, device_id=5).exception_code == 2
        assert client.write_register(10, 33, device_id=5).isError() is False
        assert client.mask_write_register(address=10, and_mask=0xFFFD, or_mask=2, device_id=5).isError() is False
        assert client.readwrite_registers(
            read_address=10, read_count=1, write_address=10, values=[40], device_id=5
        ).registers == [40]
        assert client.read_device_information(read_code=2, object_id=0, device_id=5).information[1] == b"P1"
        assert client.diag_query_data(msg=b"\x12\x34", device_id=5).isError() is False
    finally:
        client.close()


WRITES = [("a.h", 33), ("a.h", 35), ("a.h", 40)]


@pytest.mark.parametrize("framing", ["tcp", "rtu", "ascii"])
def test_pymodbus_and_our_decoder_read_the_same_in_every_framing(framing):
    from pymodbus import FramerType

    framer = {"tcp": FramerType.SOCKET, "rtu": FramerType.RTU, "ascii": FramerType.ASCII}[framing]

    def client(port):
        speak(pymodbus_client.ModbusTcpClient("127.0.0.1", port=port, framer=framer, retries=0, timeout=3))

    writes, pieces = talk_to({"framing": framing}, client)
    assert writes == WRITES
    trace = lines(pieces, framing)
    assert len(trace) == 18
    assert not [line for line in trace if "!" in line]
    for said in (
        "read input registers: 01A5",
        "read input registers: 0000 4050",
        "read input registers: 1234 5678",
        "exception 02",
        "write single register: 10 = 0021",
        "read/write multiple registers: 0028",
        "1 'P1'",
    ):
        assert any(said in line for line in trace), said


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    serving = TlsServing(tmp_path_factory.mktemp("pki"), {"operator": "write", "viewer": "read"})
    serving.certificates.make(("operator", "viewer"))
    return serving


def test_pymodbus_talks_modbus_security(tls):
    context = ssl.create_default_context(cafile=tls.certificates.authority)
    context.check_hostname = False
    context.load_cert_chain(*tls.certificates.pair("operator"))

    def client(port):
        speak(pymodbus_client.ModbusTlsClient("127.0.0.1", port=port, sslctx=context, retries=0, timeout=3))

    assert talk_to({}, client, tls=tls)[0] == WRITES


def test_openssl_sees_our_certificate_and_is_asked_for_its_own(tls, foreign):
    import subprocess

    openssl = foreign("openssl", "apt-get install openssl")
    said = {}

    def client(port):
        certificate, key = tls.certificates.pair("viewer")
        command = [openssl, "s_client", "-connect", f"127.0.0.1:{port}", "-CAfile", str(tls.certificates.authority)]
        own = ["-cert", str(certificate), "-key", str(key)]
        for name, extra in (("with", own), ("without", [])):
            request = bytes.fromhex("0001 0000 0006 05 04 0000 0001")
            process = subprocess.Popen(
                [*command, *extra, "-quiet", "-verify_return_error", "-nocommands"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )  # fmt: skip
            process.stdin.write(request)
            process.stdin.flush()
            said[name] = process.stdout.read(11)
            process.kill()
            process.communicate()

    talk_to({}, client, tls=tls)
    assert said == {"with": bytes.fromhex("0001 0000 0005 05 04 02 01A5"), "without": b""}


def test_pymodbustcp_a_second_stack_agrees(foreign_module):
    second = foreign_module("pyModbusTCP.client", "pip install pyModbusTCP")

    def client(port):
        other = second.ModbusClient("127.0.0.1", port, unit_id=5, timeout=3)
        assert other.read_input_registers(2, 2) == [0x0000, 0x4050]
        assert other.write_multiple_registers(10, [12])
        assert other.read_holding_registers(10, 1) == [12]
        assert other.read_holding_registers(90, 1) is None
        assert other.last_except == 2
        assert other.read_device_identification(2).model_name == b"M"
        other.close()

    writes, pieces = talk_to({}, client)
    assert writes == [("a.h", 12)]
    trace = lines(pieces)
    assert not [line for line in trace if "!" in line]
    assert "read holding registers: 000C" in trace[5]
