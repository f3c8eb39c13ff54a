"""A device that loses power or reboots: connections drop, memory is lost, it is away while it boots."""

from typing import Any, ClassVar

from emulator.faults.base import parameters

SECOND = 1_000_000_000


class DeviceRestart:
    """Take the device down for its boot time (rig: `boot`; parameter `boot_s` overrides it), once per onset.

    Severity scales the boot time: at 1 it is the stated one. Counters and uptime start again from 0.
    """

    kind: ClassVar[str] = "device_restart"
    layer: ClassVar[str] = "device"
    targets: ClassVar[tuple[str, ...]] = ()

    def __init__(self, params: dict[str, Any]) -> None:
        self.boot_s = parameters(self.kind, params, boot_s=None)["boot_s"]
        self._down_ns: int | None = None

    def apply(self, target: Any, severity: float, t_ns: int) -> None:
        """Power the `DeviceImage` off at the onset and on again when the boot time has passed."""
        if severity <= 0.0:
            self._down_ns = None
            target.power(online=True, t_ns=target.epoch_ns + t_ns)
            return
        if self._down_ns is None:
            self._down_ns = t_ns
        boot_s = severity * (target.device.boot if self.boot_s is None else float(self.boot_s))
        online = t_ns - self._down_ns >= boot_s * SECOND
        target.power(online=online, t_ns=target.epoch_ns + t_ns)
