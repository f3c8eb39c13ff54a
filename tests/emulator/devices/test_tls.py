"""Certificates are made once and name what is dialled; TLS faults take their share of connections and leave no trace."""

import ssl

import pytest
from cryptography import x509

from emulator.devices.certificates import LOOPBACK, TlsCertificates, names_of
from emulator.devices.tls import KINDS, Door, TlsTrouble
from emulator.faults.base import registry


class Wrong:
    def __init__(self, tls: TlsTrouble) -> None:
        self.tls = tls


def names(certificates: TlsCertificates) -> set[str]:
    made = x509.load_pem_x509_certificate(certificates.pair("server")[0].read_bytes())
    return {str(name.value) for name in made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value}


def test_a_new_host_gets_a_new_certificate_of_the_same_authority(tmp_path):
    first = TlsCertificates(tmp_path)
    first.make(("viewer",))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    first.make(("viewer",))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    other = TlsCertificates(tmp_path, names_of("192.0.2.7"))
    other.make(("viewer",))
    assert names(other) == {*LOOPBACK, "192.0.2.7"}
    changed = {path.name for path in tmp_path.iterdir() if path.read_bytes() != before[path.name]}
    assert changed == {"server.pem", "server.key"}


def test_listening_everywhere_names_this_machine():
    assert set(LOOPBACK) < set(names_of("0.0.0.0"))
    assert names_of("localhost") == LOOPBACK


@pytest.mark.parametrize("kind", KINDS)
def test_a_share_takes_the_connections_that_are_drawn_and_severity_0_none(tmp_path, kind):
    TlsCertificates(tmp_path).make()
    trouble = TlsTrouble(draw=lambda kind, index: (index % 4) / 4)
    door = Door(TlsCertificates(tmp_path), trouble)
    fault = registry()[kind]({})

    def wrong() -> list[bool]:
        made = [door.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_side=True) for _ in range(8)]
        return [one.context is not door for one in made]

    assert wrong() == [False] * 8
    fault.apply(Wrong(trouble), 0.5, 0)
    assert wrong() == [True, True, False, False] * 2
    fault.apply(Wrong(trouble), 0.0, 0)
    assert wrong() == [False] * 8
    assert trouble.plans == {}
