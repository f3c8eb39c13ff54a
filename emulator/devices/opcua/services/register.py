"""RegisterNodes and UnregisterNodes (OPC 10000-4 §5.9.5, §5.9.6), and Cancel (§5.7.5).

A registered node has a second, short NodeId: numeric, in the server's own namespace, four bytes on the wire. It stands
in the address space like any other, so every service takes it, until the session lets it go.
"""

from itertools import count
from typing import Any, Final

from asyncua import ua
from asyncua.common.utils import Buffer, ServiceError
from asyncua.server.address_space import AddressSpace
from asyncua.ua.ua_binary import struct_from_binary

from emulator.devices.opcua.remembered import held
from emulator.devices.opcua.services.view import within

_NAMESPACE: Final = 1  # the server's own (OPC 10000-3 §8.2.3)
_LAST: Final = 0xFFFF  # what a four-byte NodeId can hold


class Registered:
    """The short names one session holds."""

    def __init__(self, space: AddressSpace) -> None:
        self._space = space
        self._names: set[ua.NodeId] = set()

    def add(self, nodeids: list[ua.NodeId]) -> list[ua.NodeId]:
        """Return a short NodeId for each node; an unknown node keeps the name it was asked by (§5.9.5.2).

        Raises
        ------
        ServiceError
            Bad_TooManyOperations: all short names are taken.

        """
        nodes = [self._space.get(nodeid) for nodeid in nodeids]
        free = self._free(sum(node is not None for node in nodes))
        names = []
        for nodeid, node in zip(nodeids, nodes, strict=True):
            if node is None:
                names.append(nodeid)
                continue
            name = free.pop()
            self._space[name] = node
            self._names.add(name)
            names.append(name)
        return names

    def _free(self, wanted: int) -> list[ua.NodeId]:
        found: list[ua.NodeId] = []
        for number in count(1):
            if len(found) == wanted:
                return found[::-1]
            if number > _LAST:
                raise ServiceError(ua.StatusCodes.BadTooManyOperations)
            name = ua.FourByteNodeId(number, _NAMESPACE)
            if name not in self._space:
                found.append(name)
        return found

    def remove(self, names: list[ua.NodeId]) -> None:
        """Let names go; one that is not this session's is ignored (§5.9.6.2)."""
        for name in names:
            if name in self._names:
                self._names.discard(name)
                del self._space[name]

    def __len__(self) -> int:
        return len(self._names)

    def release(self) -> None:
        """Let all names go."""
        self.remove(list(self._names))


def _of(processor: Any) -> Registered:
    registered: Registered = held(processor.session, "registered", lambda: Registered(processor.iserver.aspace))
    return registered


def register(processor: Any, requesthdr: Any, seqhdr: Any, body: Buffer) -> ua.RegisterNodesResponse:
    """Answer a RegisterNodesRequest."""
    wanted = struct_from_binary(ua.RegisterNodesParameters, body).NodesToRegister or []
    limit = processor.iserver.limits.nodes_per_register
    registered = _of(processor)
    within(len(wanted), limit)
    within(len(registered) + len(wanted), max(limit, 1_000))  # what one session may hold at a time
    response = ua.RegisterNodesResponse()
    response.Parameters.RegisteredNodeIds = registered.add(wanted)
    return response


def unregister(processor: Any, requesthdr: Any, seqhdr: Any, body: Buffer) -> ua.UnregisterNodesResponse:
    """Answer an UnregisterNodesRequest."""
    wanted = struct_from_binary(ua.UnregisterNodesParameters, body).NodesToUnregister or []
    within(len(wanted), processor.iserver.limits.nodes_per_register)
    _of(processor).remove(wanted)
    processor.reads.plans.clear()  # a Read that is known by its bytes may name what is gone
    return ua.UnregisterNodesResponse()


def cancel(processor: Any, requesthdr: Any, seqhdr: Any, body: Buffer) -> ua.CancelResponse:
    """Answer a CancelRequest: every service but Publish has been answered by the time this one is read."""
    wanted = struct_from_binary(ua.CancelParameters, body).RequestHandle
    response = ua.CancelResponse()
    response.Parameters.CancelCount = processor.engine.client(processor.session).cancel(wanted)
    return response


SERVICES: Final = {
    ua.ObjectIds.RegisterNodesRequest_Encoding_DefaultBinary: register,
    ua.ObjectIds.UnregisterNodesRequest_Encoding_DefaultBinary: unregister,
    ua.ObjectIds.CancelRequest_Encoding_DefaultBinary: cancel,
}
