"""The Read service: plant values from the image's own bytes, the rest from the library's address space."""

from collections.abc import Callable
from typing import Any, Final

from asyncua import ua
from asyncua.common.utils import Buffer, ServiceError
from asyncua.server.address_space import AddressSpace
from asyncua.ua.ua_binary import struct_from_binary, struct_to_binary

from emulator.devices.opcua.nodes import ServedAttribute
from emulator.devices.opcua.readservice import read_response
from emulator.devices.opcua.values import NEITHER

NODES_PER_READ: Final = 10_000
_PLANS: Final = 16  # different Reads remembered for each connection
_LONGEST: Final = 65_535  # encoded parameters worth remembering [bytes]


class Reads:
    """The Reads of one connection; what a poller asks never changes, so it is decoded once.

    Parameters
    ----------
    space
        Where the nodes are.
    now
        The device's clock, as FILETIME.

    """

    def __init__(self, space: AddressSpace, now: Callable[[], int]) -> None:
        self.plans: dict[bytes, tuple[int, list[tuple[Any, Any, Any, Any]]]] = {}
        self._space = space
        self._now = now

    def answer(self, handle: int, encoded: bytes) -> bytes:
        """Answer a Read in one go, so that everything in it belongs to one commit.

        Raises
        ------
        ServiceError
            The request as a whole is refused.

        """
        plan = self.plans.get(encoded)
        if plan is None:
            plan = self._plan(encoded)
            if len(self.plans) < _PLANS and len(encoded) <= _LONGEST:
                self.plans[encoded] = plan
        times, wanted = plan
        results = [
            attribute.encode(times, index_range)
            if attribute is not None
            else struct_to_binary(self._space.read_attribute_value(nodeid, attribute_id))
            for attribute, index_range, nodeid, attribute_id in wanted
        ]
        return read_response(handle, self._now(), results)

    def _plan(self, encoded: bytes) -> tuple[int, list[tuple[Any, Any, Any, Any]]]:
        """Decode and check Read parameters, and look up whom they ask: nodes never change while we serve."""
        params = struct_from_binary(ua.ReadParameters, Buffer(encoded))
        times = int(params.TimestampsToReturn)
        if not params.NodesToRead:
            raise ServiceError(ua.StatusCodes.BadNothingToDo)
        if len(params.NodesToRead) > NODES_PER_READ:
            raise ServiceError(ua.StatusCodes.BadTooManyOperations)
        if not 0 <= times <= NEITHER:
            raise ServiceError(ua.StatusCodes.BadTimestampsToReturnInvalid)
        wanted = []
        for one in params.NodesToRead:
            node = self._space.get(one.NodeId)
            attribute = None if node is None else node.attributes.get(one.AttributeId)
            served = attribute if isinstance(attribute, ServedAttribute) else None
            wanted.append((served, one.IndexRange, one.NodeId, one.AttributeId))
        return times, wanted


def read(processor: Any, requesthdr: Any, seqhdr: Any, body: Buffer) -> bytes:
    """Answer a ReadRequest (OPC 10000-4 §5.11.2)."""
    return bytes(processor.reads.answer(requesthdr.RequestHandle, body.read(len(body))))


SERVICES: Final = {ua.ObjectIds.ReadRequest_Encoding_DefaultBinary: read}
