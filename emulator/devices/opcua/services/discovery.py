"""The Discovery service set (OPC 10000-4 §5.4): what there is to connect to, told to anyone with a channel."""

from typing import Any, Final

from asyncua import ua
from asyncua.common.utils import Buffer, ServiceError
from asyncua.ua.ua_binary import struct_from_binary

from emulator.devices.opcua.security.endpoints import TRANSPORT

_LONGEST_URL: Final = 4_096


def get_endpoints(processor: Any, requesthdr: Any, seqhdr: Any, body: Buffer) -> ua.GetEndpointsResponse:
    """List the endpoints, those of the profiles asked for (§5.4.4)."""
    params = struct_from_binary(ua.GetEndpointsParameters, body)
    if len(params.EndpointUrl or "") > _LONGEST_URL:
        raise ServiceError(ua.StatusCodes.BadTcpEndpointUrlInvalid)
    response = ua.GetEndpointsResponse()
    if not params.ProfileUris or TRANSPORT in params.ProfileUris:
        response.Endpoints = processor.iserver.endpoints_of.all(params.EndpointUrl, discovery=True)
    return response


def find_servers(processor: Any, requesthdr: Any, seqhdr: Any, body: Buffer) -> ua.FindServersResponse:
    """Name this server, if it is among those asked for (§5.4.2)."""
    params = struct_from_binary(ua.FindServersParameters, body)
    if len(params.EndpointUrl or "") > _LONGEST_URL:
        raise ServiceError(ua.StatusCodes.BadTcpEndpointUrlInvalid)
    described = processor.iserver.endpoints_of.server(params.EndpointUrl)
    response = ua.FindServersResponse()
    if not params.ServerUris or described.ApplicationUri in params.ServerUris:
        response.Servers = [described]
    return response


SERVICES: Final = {
    ua.ObjectIds.GetEndpointsRequest_Encoding_DefaultBinary: get_endpoints,
    ua.ObjectIds.FindServersRequest_Encoding_DefaultBinary: find_servers,
}
