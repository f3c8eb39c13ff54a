"""A secured OPC UA device and clients with certificates of their own."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from asyncua import Client, ua
from asyncua.crypto import security_policies as policies
from cryptography.hazmat.primitives import serialization

from emulator import clock
from emulator.devices.opcua.security import certificates, passwords
from emulator.devices.opcua.security.pki import Pki

URI = "urn:plantbench:test:client"
WORD = "plant pass phrase"
POLICIES = {
    "Basic256Sha256": policies.SecurityPolicyBasic256Sha256,
    "Aes128_Sha256_RsaOaep": policies.SecurityPolicyAes128Sha256RsaOaep,
    "Aes256_Sha256_RsaPss": policies.SecurityPolicyAes256Sha256RsaPss,
    "Basic128Rsa15": policies.SecurityPolicyBasic128Rsa15,
}
MODES = {"Sign": ua.MessageSecurityMode.Sign, "SignAndEncrypt": ua.MessageSecurityMode.SignAndEncrypt}
EVERY = ["None", *(f"{policy}_{mode}" for policy in list(POLICIES)[:3] for mode in MODES)]


@dataclass(frozen=True)
class Owner:
    """A client's identity, as files too."""

    identity: certificates.Identity
    certificate: Path
    key: Path


def owner(folder: Path, stem: str = "client", uri: str = URI, **more: Any) -> Owner:
    key = more.pop("key", None) or certificates.new_key()
    made = certificates.application(stem, uri, ("localhost",), key, clock.calendar(), **more)
    der, pem = folder / f"{stem}.der", folder / f"{stem}.pem"
    der.write_bytes(made.chain)
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return Owner(made, der, pem)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pki")


@pytest.fixture(autouse=True)
def _pki(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANTBENCH_PKI", str(folder))
    monkeypatch.setenv("PLANT_WORD", WORD)


@pytest.fixture(scope="session")
def me(folder: Path) -> Owner:
    """Return a client that is trusted."""
    made = owner(folder)
    Pki(folder).trust(made.identity.certificate)
    return made


@pytest.fixture(scope="session")
def kept() -> str:
    return passwords.keep(WORD)


@pytest.fixture
def secure(me: Owner) -> Any:
    """Return a context manager: a client on a channel with this policy and mode."""

    @contextlib.asynccontextmanager
    async def connected(
        bench: Any, endpoint: str, who: Owner = me, user: str = "", word: str = "", uri: str = URI
    ) -> AsyncIterator[Client]:
        client = Client(bench.server.url, timeout=4)
        client.application_uri = uri
        if user:
            client.set_user(user)
            client.set_password(word)
        if endpoint != "None":
            policy, _, mode = endpoint.rpartition("_")
            await client.set_security(POLICIES[policy], who.certificate, who.key, mode=MODES[mode])
        await client.connect()
        try:
            yield client
        finally:
            await client.disconnect()

    return connected
