"""TLS as a client: whom we trust, and who we are where a server asks.

Files come from the rig file, else from environment variables, else from the folder in which a device that is emulated
on this machine keeps its certificates (``tls/<device>/`` in ``PLANTBENCH_PKI``), if that is where the address leads.
A server must be signed by the authority and carry the name that is dialled; TLS 1.2 at least, never anything less,
and a plain connection is never tried instead.
"""

import ipaddress
import os
import socket
import ssl
from pathlib import Path


def pki_folder() -> Path:
    """Return the folder of this user's certificates, where emulated devices put theirs."""
    named = os.environ.get("PLANTBENCH_PKI")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "plantbench" / "pki"


def is_here(host: str | None) -> bool:
    """Whether an address leads to this machine by loopback."""
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return (host or "").lower() == "localhost"


def local_folder(device: str, host: str | None) -> Path | None:
    """Return where a device emulated on this machine keeps its certificates, if `host` is here and there are any."""
    folder = pki_folder() / "tls" / device
    return folder if is_here(host) and (folder / "authority.pem").is_file() else None


class _Named(ssl.SSLContext):
    """A context that expects a name of its own on the server's certificate, whatever is dialled."""

    server_name: str | None = None

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        return super().wrap_bio(incoming, outgoing, server_side, self.server_name or server_hostname, session)

    def wrap_socket(
        self,
        sock: socket.socket,
        server_side: bool = False,
        do_handshake_on_connect: bool = True,
        suppress_ragged_eofs: bool = True,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLSocket:
        name = self.server_name or server_hostname
        return super().wrap_socket(sock, server_side, do_handshake_on_connect, suppress_ragged_eofs, name, session)


def client_context(
    ca: Path | None, certificate: Path | None = None, key: Path | None = None, *, server_name: str | None = None
) -> ssl.SSLContext:
    """Make the context; `ca` None trusts the system's authorities, without `certificate` we show none.

    `server_name` is the name the server's certificate must carry, where that is not what is dialled.

    Raises
    ------
    ValueError : a file is missing or no use; the message names it
    """
    for path in (ca, certificate, key):
        if path is not None and not path.is_file():
            raise ValueError(f"{path} is no file; TLS needs it")
    context = _Named(ssl.PROTOCOL_TLS_CLIENT)
    context.server_name = server_name
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        if ca is None:
            context.load_default_certs()
        else:
            context.load_verify_locations(ca)
        if certificate is not None:
            context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        files = ", ".join(str(path) for path in (ca, certificate, key) if path is not None)
        raise ValueError(f"TLS cannot use {files}: {error}") from None
    return context


def listening(context: ssl.SSLContext) -> list[ssl.SSLError]:
    """Return a list that holds what broke the context's last blocking connection, whatever its user does with it.

    For a library that forgets a socket whose handshake fails, and keeps to itself why one broke: the sockets of this
    context close themselves and tell us.
    """
    heard: list[ssl.SSLError] = []

    class Telling(ssl.SSLSocket):
        def do_handshake(self, block: bool = False) -> None:
            try:
                super().do_handshake(block)
            except OSError:
                self.close()
                raise

        def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
            try:
                return super().recv(buflen, flags)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                raise
            except ssl.SSLError as error:
                heard[:] = [error]
                raise

    context.sslsocket_class = Telling
    return heard


def why(error: BaseException) -> str:
    """Say in words what the library reports of a failed or broken TLS connection."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the server's certificate is refused: {error.verify_message}"
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.replace("_", " ").lower()
    return str(error) or type(error).__name__
