"""The Write service on plant values: what a device checks before it takes a command."""

import math
from typing import Any

from asyncua import ua
from asyncua.crypto.permission_rules import User
from asyncua.server.address_space import AddressSpace, AttributeService

from emulator.devices.image import DeviceImage
from emulator.devices.opcua import values
from emulator.devices.opcua.indexrange import RangeError, parse
from emulator.devices.opcua.nodes import ServedAttribute
from emulator.devices.opcua.security.roles import may_command
from emulator.devices.opcua.wrongs import Wrongs


class PlantWrites(AttributeService):
    """Sends writes of plant values to the device image; every other node is read-only.

    An accepted write is a command: the node shows it once the plant has taken it and publishes it back.
    """

    def __init__(self, space: AddressSpace, image: DeviceImage) -> None:
        super().__init__(space)
        self._space = space
        self._image = image
        self.wrongs = Wrongs()

    async def write(self, params: ua.WriteParameters, user: User | None = None) -> list[ua.StatusCode]:
        """Carry out or refuse each write; the server's own writes (administrator) go the library's way."""
        if user is None or user.role.value == 0:
            return list(await super().write(params))
        may = may_command(user)
        return [ua.StatusCode(self._write(wanted, may=may)) for wanted in params.NodesToWrite]

    def _write(self, wanted: ua.WriteValue, *, may: bool) -> int:
        node = self._space.get(wanted.NodeId)
        if node is None:
            return ua.StatusCodes.BadNodeIdUnknown
        if wanted.AttributeId not in node.attributes:
            return ua.StatusCodes.BadAttributeIdInvalid
        attribute = node.attributes[wanted.AttributeId]
        if not isinstance(attribute, ServedAttribute) or attribute.part != "value":
            return ua.StatusCodes.BadNotWritable
        point = attribute.served.point
        if point.write is None:
            return ua.StatusCodes.BadNotWritable
        if not may:
            return ua.StatusCodes.BadUserAccessDenied
        given = wanted.Value
        if wanted.IndexRange:
            return _part(wanted.IndexRange)
        if given.StatusCode is not None and given.StatusCode.value:
            return ua.StatusCodes.BadWriteNotSupported  # times are ignored: the plant stamps its own
        status = refusal(attribute.served.type_, point.range, given.Value)
        value = given.Value.Value
        if not status and self.wrongs.writes:
            status, value = self.wrongs.write(point.id, point.range, value)
        if not status >> 31 and value is not None:
            self._image.write(point.id, value)
        return status


def _part(index_range: str) -> int:
    """Return the status that refuses to write a part: every value that can be written is a scalar."""
    try:
        parse(index_range)
    except RangeError as invalid:
        return invalid.status
    return int(ua.StatusCodes.BadWriteNotSupported)


def refusal(type_: str, range_: tuple[float, float], variant: Any) -> int:
    """Return the status that refuses a written value, or Good: exact type first, then the point's range."""
    if variant is None or variant.is_array or variant.VariantType.value != values.TYPE_IDS[type_]:
        return ua.StatusCodes.BadTypeMismatch
    value = variant.Value
    if type_ != "Boolean" and not (math.isfinite(value) and range_[0] <= value <= range_[1]):
        return ua.StatusCodes.BadOutOfRange
    return ua.StatusCodes.Good
