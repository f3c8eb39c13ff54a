"""A gateway between a machine and the network: what it serves is a copy, taken now and then.

A retrofit kit before a machine without OPC UA polls it every few seconds and stamps what it finds by a clock of whole
seconds. Commands pass through at once.
"""

from emulator.devices.image import SECOND, DeviceImage, Reading


class Gateway(DeviceImage):
    """The image that a gateway serves.

    Parameters
    ----------
    machine
        What it looks at.
    every_ns
        How often [ns].
    whole_seconds
        Whether times are rounded down to the second.

    """

    def __init__(self, machine: DeviceImage, every_ns: int, *, whole_seconds: bool) -> None:
        super().__init__(machine.device, tuple(machine.points.values()), machine.epoch_ns)
        self._machine = machine
        self._every_ns = every_ns
        self._grain_ns = SECOND if whole_seconds else 1
        self._looked = -1
        machine.on_commit(self._follow)
        machine.on_power(self._powered)

    def start(self) -> None:
        """Take over the machine's calendar; before the first look there is nothing else to take."""
        if not self.commits:
            self.begin(self._machine.epoch_ns)

    def _follow(self) -> None:
        machine = self._machine
        t_ns = machine.t_ns // self._grain_ns * self._grain_ns
        look = machine.t_ns // self._every_ns
        readings: dict[str, Reading] = {}
        if look != self._looked:
            self._looked = look
            readings = {name: self._stamped(reading) for name, reading in machine.readings.items()}
        self.commit(readings, t_ns)

    def _stamped(self, reading: Reading) -> Reading:
        t_ns = reading.t_ns // self._grain_ns * self._grain_ns
        return Reading(reading.value, reading.status, t_ns, reading.n0, reading.rate_hz)

    def _powered(self, online: bool) -> None:
        self._looked = -1
        self.power(online=online, t_ns=self._machine.started_ns if online else self._machine.t_ns)

    def write(self, point_id: str, value: float | bool) -> None:
        """Pass a command on to the machine."""
        self._machine.write(point_id, value)
