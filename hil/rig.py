"""A rig brought to life: emulated devices opened, real ones found, a proxy in front of every TCP link."""

import socket
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from emulator.emulation import Emulation
from emulator.streams import Streams
from hil.insertion.catalogue import link_kinds
from hil.insertion.link.notes import LinkNotes
from hil.insertion.link.proxy import LinkProxy
from rigs.devices.device import Device
from rigs.schema import Rig

LOOPBACK = "127.0.0.1"
ANYWHERE = ("0.0.0.0", "::")

Announce = Callable[[str, str, str], None]


class LiveRig:
    """Emulation, proxies and the endpoints clients shall use.

    Parameters
    ----------
    rig : Rig
        The rig file, read.
    seed : int
        Seed of everything random.
    epoch_ns : int
        Calendar time of plant time 0 [ns UTC].
    binding : dict
        Device id -> address of the devices that are real.
    truth_path : Path, optional
        Where the truth log goes.
    rate : float, optional
        Plant seconds per real second, for the devices' own timers, their serial lines and link delays; None in
        lockstep, where lines and links keep the event loop's time.
    host : str
        What the links listen on; the devices behind them stay on loopback.

    """

    def __init__(
        self,
        rig: Rig,
        seed: int,
        epoch_ns: int,
        binding: dict[str, str] | None = None,
        truth_path: Path | None = None,
        rate: float | None = 1.0,
        host: str = LOOPBACK,
    ) -> None:
        self.rig = rig
        self._host = host
        self._streams = Streams(seed)
        self._rate = rate or 1.0
        self.binding = binding or {}
        emulated = tuple(device.id for device in rig.devices if device.id not in self.binding)
        self.emulation = Emulation(rig, seed, epoch_ns, truth_path, link_kinds(), emulated, rate, host)
        self.proxies: dict[str, LinkProxy] = {}
        self.endpoints: dict[str, str] = {}

    async def start(self, announce: Announce | None = None) -> None:
        """Open everything; `announce(device, protocol, url)` is called as each endpoint becomes ready.

        Raises
        ------
        OSError
            A port is taken or a serial device is missing.

        """
        urls = await self.emulation.start()
        for device in self.rig.devices:
            url = self.binding.get(device.id) or urls[device.id]
            self.endpoints[device.id] = await self._through_proxy(device, url)
            if announce:
                announce(device.id, device.protocol, self.endpoints[device.id])
        self.emulation.link_targets.update(self.proxies)

    async def stop(self) -> None:
        """Close everything, proxies first."""
        for proxy in self.proxies.values():
            await proxy.stop()  # they stay listed: their counters belong into the record
        await self.emulation.stop()

    async def _through_proxy(self, device: Device, url: str) -> str:
        if device.protocol == "modbus-rtu":
            return url
        parts = urlsplit(url)
        upstream = (parts.hostname or "127.0.0.1", parts.port or 0)
        proxy = LinkProxy(device.id, *upstream, self._streams, host=self._host, port=device.port, rate=self._rate)
        proxy.note = LinkNotes(self.emulation.noted(device.id), lambda: self.emulation.t_ns)
        try:
            await proxy.start()
        except OSError as problem:
            where = f"port {device.port} for {device.id!r}"
            raise OSError(problem.errno, f"cannot open {where}: {problem.strerror}; free it or set port: 0") from None
        self.proxies[device.id] = proxy
        host, port = proxy.address
        if self._host in ANYWHERE:
            host = socket.gethostname()
        return urlunsplit(parts._replace(netloc=f"[{host}]:{port}" if ":" in host else f"{host}:{port}"))
