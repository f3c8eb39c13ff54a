"""The TLS decoder reads what is in clear, in whatever pieces it comes, and bears rubbish."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.traces.tap import Piece
from hil.traces.tls import lines

ALERT = bytes.fromhex("15 0303 0002 02 30")
# RFC 8448, section 3: a ClientHello of TLS 1.3, up to its extensions cut to supported_versions alone.
HELLO_BODY = (
    bytes.fromhex("0303") + bytes(range(32)) + b"\0" + bytes.fromhex("0002 1301 0100 0009 002b 0005 04 0304 0303")
)
HELLO = b"\x16\x03\x01" + (len(HELLO_BODY) + 4).to_bytes(2, "big") + b"\1\0\0" + bytes((len(HELLO_BODY),)) + HELLO_BODY


def test_hellos_and_alerts_are_put_in_words():
    pieces = [Piece(1, "up", HELLO), Piece(1, "down", ALERT), Piece(1, "down", b"\x17\x03\x03\0\1x" * 2)]
    assert lines(pieces) == [
        "→ ClientHello: TLS 1.3, TLS 1.2",
        "← alert: fatal, unknown_ca (48)",
        "← encrypted",
    ]


def test_after_the_change_of_cipher_nothing_is_read():
    pieces = [Piece(1, "down", b"\x14\x03\x03\0\1\1" + HELLO + ALERT)]
    assert lines(pieces) == ["← ChangeCipherSpec", "← encrypted", "← alert, encrypted"]


@pytest.mark.parametrize("size", [1, 4, 7])
def test_pieces_do_not_matter(size):
    data = HELLO + ALERT
    pieces = [Piece(1, "up", data[at : at + size]) for at in range(0, len(data), size)]
    assert lines(pieces) == ["→ ClientHello: TLS 1.3, TLS 1.2", "→ alert: fatal, unknown_ca (48)"]


def test_what_is_no_tls_is_called_so():
    assert lines([Piece(1, "up", b"GET / HTTP/1.1\r\n")]) == [
        "→ ! no TLS: [47 45 54 20 2f 20 48 54 54 50 2f 31 2e 31 0d 0a]"
    ]


@given(
    st.binary(max_size=200), st.sampled_from([b"", b"\x16\x03\x03", b"\x16\x03\x03\0\x20\1\0\0\x1c", b"\x15\x03\x03"])
)
def test_rubbish_is_borne(data, begin):
    assert isinstance(lines([Piece(1, "up", begin + data)]), list)
