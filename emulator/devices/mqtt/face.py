"""How an MQTT device of a rig is opened: its node, its link, and its broker if that is emulated too."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from emulator.devices.mqtt.accounts import Accounts
from emulator.devices.mqtt.broker import Broker
from emulator.devices.mqtt.client import RemoteLink
from emulator.devices.mqtt.link import Link, LocalLink
from emulator.devices.mqtt.misbehaviour import FaceMisbehaviour, Misbehaviour
from emulator.devices.mqtt.plain import PlainNode
from emulator.devices.mqtt.server import BrokerServer
from emulator.devices.sparkplug.node import EdgeNode
from emulator.devices.tls import Door

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.devices.faces import Setting
    from emulator.devices.timers import Timer


class MqttFace:
    """A device that publishes.

    Parameters
    ----------
    setting
        Where it stands. A device whose settings name another device as broker shares that one's; the broker is made
        by whoever comes first, and is closed with its last user.

    """

    def __init__(self, setting: Setting) -> None:
        device = setting.image.device
        self.settings = device.mqtt
        own = Misbehaviour(setting.draw, setting.note)
        self.server: BrokerServer | None = None
        link: Link
        outside = device.mqtt.external
        if outside is None:
            self.server = _shared_broker(setting)
            link = LocalLink(self.server.broker, device.id)
        else:
            name = f"{device.mqtt.group}-{device.mqtt.node or device.id}"
            clean = device.mqtt.profile == "sparkplug" or device.mqtt.qos == 0
            link = RemoteLink(*outside, device.mqtt, name, clean=clean)
        self.misbehaviour = FaceMisbehaviour(own, None if self.server is None else self.server.broker.wrong)
        node = EdgeNode if device.mqtt.profile == "sparkplug" else PlainNode
        self.node: EdgeNode | PlainNode = node(setting, link, own)

    async def start(self) -> str:
        """Open the broker, begin to publish, and return the broker's URL.

        Raises
        ------
        OSError
            The broker's port cannot be opened.

        """
        if self.server is not None:
            url = await self.server.start()
        else:
            host, port = self.settings.external or ("", 0)
            url = f"{'mqtts' if self.settings.tls else 'mqtt'}://{host}:{port}"
        self.node.start()
        return url

    async def stop(self) -> None:
        """Take leave of the broker, and close it if it was ours alone."""
        await self.node.stop()
        if self.server is not None:
            await self.server.stop()


def _shared_broker(setting: Setting) -> BrokerServer:
    """Return the broker of the device that owns it, made now if need be."""
    mine = setting.image.device
    owner = mine if mine.mqtt.broker is None else setting.rig.device(mine.mqtt.broker)
    key = f"mqtt/{owner.id}"
    if key not in setting.shared:
        wrong = Misbehaviour(setting.draw, setting.note)
        accounts = Accounts(owner.mqtt.accounts, _loop_s)
        broker = Broker(accounts, setting.timers, wrong, _later)
        tls = _door(setting, owner.id, wrong) if owner.mqtt.tls else None
        setting.shared[key] = BrokerServer(broker, tls=tls, connections=owner.connections)
    server: BrokerServer = setting.shared[key]
    return server


def _door(setting: Setting, owner: str, wrong: Misbehaviour) -> Door:
    # Loads the certificate library; most rigs never need it.
    from emulator.devices.certificates import TlsCertificates, names_of, tls_folder

    certificates = TlsCertificates(tls_folder(owner), names_of(setting.host))
    certificates.make()
    return Door(certificates, wrong.tls)


def _loop_s() -> float:
    return asyncio.get_running_loop().time()


def _later(delay_s: float, call: Callable[[], Any]) -> Timer:
    return asyncio.get_running_loop().call_later(delay_s, call)


def open_face(setting: Setting) -> MqttFace:
    """Return the face of the device, not yet listening."""
    return MqttFace(setting)
