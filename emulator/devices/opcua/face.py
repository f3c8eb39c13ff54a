"""How an OPC UA device of a rig is opened."""

from emulator.devices.certificates import names_of
from emulator.devices.faces import Setting
from emulator.devices.opcua.server import OpcUaDevice


def open_face(setting: Setting) -> OpcUaDevice:
    """Return the server of the device, not yet listening."""
    image = setting.image
    device = image.device.model_copy(update={"port": 0})
    return OpcUaDevice(
        device,
        tuple(image.points.values()),
        image,
        setting.streams,
        setting.note,
        setting.timers,
        setting.rig.clock.block / 1e9,
        names_of(setting.host),
    )
