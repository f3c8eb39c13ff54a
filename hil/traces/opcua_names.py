"""Names of OPC UA's services, structures and status codes, by the numbers the wire carries (OPC 10000-6 Annex A)."""

from typing import Final

_SERVICES: Final = {
    "FindServers": 422, "GetEndpoints": 428, "RegisterServer": 437, "OpenSecureChannel": 446,
    "CloseSecureChannel": 452, "CreateSession": 461, "ActivateSession": 467, "CloseSession": 473, "Cancel": 479,
    "AddNodes": 488, "AddReferences": 494, "DeleteNodes": 500, "DeleteReferences": 506, "Browse": 527,
    "BrowseNext": 533, "TranslateBrowsePathsToNodeIds": 554, "RegisterNodes": 560, "UnregisterNodes": 566,
    "QueryFirst": 615, "Read": 631, "HistoryRead": 664, "Write": 673, "HistoryUpdate": 700, "Call": 712,
    "CreateMonitoredItems": 751, "ModifyMonitoredItems": 763, "SetMonitoringMode": 769, "SetTriggering": 775,
    "DeleteMonitoredItems": 781, "CreateSubscription": 787, "ModifySubscription": 793, "SetPublishingMode": 799,
    "Publish": 826, "Republish": 832, "TransferSubscriptions": 841, "DeleteSubscriptions": 847,
}  # fmt: skip
SERVICES: Final = tuple(_SERVICES)
SERVICE_FAULT: Final = 397
DATA_CHANGE: Final = 811
STATUS_CHANGE: Final = 820
EVENT_LIST: Final = 916
HISTORY_DATA: Final = 658
MESSAGES: Final = {
    SERVICE_FAULT: "ServiceFault",
    **{number: f"{name}Request" for name, number in _SERVICES.items()},
    **{number + 3: f"{name}Response" for name, number in _SERVICES.items()},
}
"""Encoding id of a message's body -> its name; a response's id is its request's plus 3."""
REQUESTS: Final = {name: f"{name}Request" for name in SERVICES}
ENCODING_IDS: Final = {name: number for number, name in MESSAGES.items()}

STRUCTURES: Final = {
    321: "AnonymousIdentityToken", 324: "UserNameIdentityToken", 327: "X509IdentityToken", 649: "ReadRawModified",
    652: "ReadProcessed", 655: "ReadAtTime", 658: "HistoryData", 724: "DataChangeFilter", 727: "EventFilter",
    730: "AggregateFilter", 811: "DataChangeNotification", 820: "StatusChangeNotification", 864: "ServerStatus",
    886: "Range", 889: "EUInformation", 916: "EventNotificationList",
}  # fmt: skip

STATUS: Final = {
    0x00000000: "Good",
    0x002D0000: "Good_SubscriptionTransferred",
    0x002E0000: "Good_CompletesAsynchronously",
    0x002F0000: "Good_Overload",
    0x00300000: "Good_Clamped",
    0x00960000: "Good_LocalOverride",
    0x00A50000: "Good_NoData",
    0x00A60000: "Good_MoreData",
    0x00DF0000: "Good_RetransmissionQueueNotSupported",
    0x408F0000: "Uncertain_NoCommunicationLastUsableValue",
    0x40900000: "Uncertain_LastUsableValue",
    0x40910000: "Uncertain_SubstituteValue",
    0x40920000: "Uncertain_InitialValue",
    0x40930000: "Uncertain_SensorNotAccurate",
    0x40940000: "Uncertain_EngineeringUnitsExceeded",
    0x40950000: "Uncertain_SubNormal",
    0x40A40000: "Uncertain_DataSubNormal",
    0x40BC0000: "Uncertain_ReferenceNotDeleted",
    0x80010000: "Bad_UnexpectedError",
    0x80020000: "Bad_InternalError",
    0x80030000: "Bad_OutOfMemory",
    0x80040000: "Bad_ResourceUnavailable",
    0x80050000: "Bad_CommunicationError",
    0x80060000: "Bad_EncodingError",
    0x80070000: "Bad_DecodingError",
    0x80090000: "Bad_UnknownResponse",
    0x800A0000: "Bad_Timeout",
    0x800B0000: "Bad_ServiceUnsupported",
    0x800C0000: "Bad_Shutdown",
    0x800D0000: "Bad_ServerNotConnected",
    0x800E0000: "Bad_ServerHalted",
    0x800F0000: "Bad_NothingToDo",
    0x80100000: "Bad_TooManyOperations",
    0x80110000: "Bad_DataTypeIdUnknown",
    0x80120000: "Bad_CertificateInvalid",
    0x80130000: "Bad_SecurityChecksFailed",
    0x80140000: "Bad_CertificateTimeInvalid",
    0x80160000: "Bad_CertificateHostNameInvalid",
    0x80170000: "Bad_CertificateUriInvalid",
    0x801A0000: "Bad_CertificateUntrusted",
    0x801D0000: "Bad_CertificateRevoked",
    0x801F0000: "Bad_UserAccessDenied",
    0x80200000: "Bad_IdentityTokenInvalid",
    0x80210000: "Bad_IdentityTokenRejected",
    0x80220000: "Bad_SecureChannelIdInvalid",
    0x80230000: "Bad_InvalidTimestamp",
    0x80240000: "Bad_NonceInvalid",
    0x80250000: "Bad_SessionIdInvalid",
    0x80260000: "Bad_SessionClosed",
    0x80270000: "Bad_SessionNotActivated",
    0x80280000: "Bad_SubscriptionIdInvalid",
    0x802A0000: "Bad_RequestHeaderInvalid",
    0x802B0000: "Bad_TimestampsToReturnInvalid",
    0x802C0000: "Bad_RequestCancelledByClient",
    0x80310000: "Bad_NoCommunication",
    0x80320000: "Bad_WaitingForInitialData",
    0x80330000: "Bad_NodeIdInvalid",
    0x80340000: "Bad_NodeIdUnknown",
    0x80350000: "Bad_AttributeIdInvalid",
    0x80360000: "Bad_IndexRangeInvalid",
    0x80370000: "Bad_IndexRangeNoData",
    0x80380000: "Bad_DataEncodingInvalid",
    0x803A0000: "Bad_NotReadable",
    0x803B0000: "Bad_NotWritable",
    0x803C0000: "Bad_OutOfRange",
    0x803D0000: "Bad_NotSupported",
    0x803E0000: "Bad_NotFound",
    0x803F0000: "Bad_ObjectDeleted",
    0x80400000: "Bad_NotImplemented",
    0x80410000: "Bad_MonitoringModeInvalid",
    0x80420000: "Bad_MonitoredItemIdInvalid",
    0x80430000: "Bad_MonitoredItemFilterInvalid",
    0x80440000: "Bad_MonitoredItemFilterUnsupported",
    0x80450000: "Bad_FilterNotAllowed",
    0x804A0000: "Bad_ContinuationPointInvalid",
    0x804B0000: "Bad_NoContinuationPoints",
    0x804C0000: "Bad_ReferenceTypeIdInvalid",
    0x804D0000: "Bad_BrowseDirectionInvalid",
    0x804F0000: "Bad_ServerUriInvalid",
    0x80530000: "Bad_RequestTypeInvalid",
    0x80540000: "Bad_SecurityModeRejected",
    0x80550000: "Bad_SecurityPolicyRejected",
    0x80560000: "Bad_TooManySessions",
    0x80570000: "Bad_UserSignatureInvalid",
    0x80580000: "Bad_ApplicationSignatureInvalid",
    0x80590000: "Bad_NoValidCertificates",
    0x805F0000: "Bad_NodeClassInvalid",
    0x80600000: "Bad_BrowseNameInvalid",
    0x80630000: "Bad_TypeDefinitionInvalid",
    0x80690000: "Bad_NoDeleteRights",
    0x806B0000: "Bad_ViewIdUnknown",
    0x806D0000: "Bad_TooManyMatches",
    0x806E0000: "Bad_QueryTooComplex",
    0x806F0000: "Bad_NoMatch",
    0x80710000: "Bad_HistoryOperationInvalid",
    0x80720000: "Bad_HistoryOperationUnsupported",
    0x80730000: "Bad_WriteNotSupported",
    0x80740000: "Bad_TypeMismatch",
    0x80750000: "Bad_MethodInvalid",
    0x80760000: "Bad_ArgumentsMissing",
    0x80770000: "Bad_TooManySubscriptions",
    0x80780000: "Bad_TooManyPublishRequests",
    0x80790000: "Bad_NoSubscription",
    0x807A0000: "Bad_SequenceNumberUnknown",
    0x807B0000: "Bad_MessageNotAvailable",
    0x807D0000: "Bad_TcpServerTooBusy",
    0x807E0000: "Bad_TcpMessageTypeInvalid",
    0x807F0000: "Bad_TcpSecureChannelUnknown",
    0x80800000: "Bad_TcpMessageTooLarge",
    0x80810000: "Bad_TcpNotEnoughResources",
    0x80820000: "Bad_TcpInternalError",
    0x80830000: "Bad_TcpEndpointUrlInvalid",
    0x80840000: "Bad_RequestInterrupted",
    0x80850000: "Bad_RequestTimeout",
    0x80860000: "Bad_SecureChannelClosed",
    0x80870000: "Bad_SecureChannelTokenUnknown",
    0x80880000: "Bad_SequenceNumberInvalid",
    0x80890000: "Bad_ConfigurationError",
    0x808A0000: "Bad_NotConnected",
    0x808B0000: "Bad_DeviceFailure",
    0x808C0000: "Bad_SensorFailure",
    0x808D0000: "Bad_OutOfService",
    0x808E0000: "Bad_DeadbandFilterInvalid",
    0x80970000: "Bad_RefreshInProgress",
    0x809A0000: "Bad_EventIdUnknown",
    0x809B0000: "Bad_NoData",
    0x809D0000: "Bad_DataLost",
    0x80AB0000: "Bad_InvalidArgument",
    0x80AC0000: "Bad_ConnectionRejected",
    0x80AD0000: "Bad_Disconnect",
    0x80AE0000: "Bad_ConnectionClosed",
    0x80AF0000: "Bad_InvalidState",
    0x80B70000: "Bad_MaxConnectionsReached",
    0x80B80000: "Bad_RequestTooLarge",
    0x80B90000: "Bad_ResponseTooLarge",
    0x80C60000: "Bad_IdentityChangeNotSupported",
    0x80CC0000: "Bad_ConditionAlreadyEnabled",
    0x80CF0000: "Bad_ConditionBranchAlreadyAcked",
    0x80D50000: "Bad_AggregateNotSupported",
    0x80D70000: "Bad_BoundNotFound",
    0x80DB0000: "Bad_TooManyMonitoredItems",
    0x80E10000: "Bad_DominantValueChanged",
    0x80E50000: "Bad_TooManyArguments",
    0x80E60000: "Bad_SecurityModeInsufficient",
    0x80EA0000: "Bad_IndexRangeDataMismatch",
    0x810E0000: "Bad_LicenseExpired",
}
"""StatusCode without its lower 16 bits -> name (OPC 10000-4 §7.39)."""
CODES: Final = {name: code for code, name in STATUS.items()}
_LIMITS: Final = ("", "LimitLow", "LimitHigh", "LimitConstant")


def status_name(status: int) -> str:
    """Return a status code's name, with its info bits as words; a code without a name as its number."""
    words = [STATUS.get(status & 0xFFFF_0000 & ~0xC000, f"0x{status & 0xFFFF_0000:08X}")]
    if status & 0x8000:
        words.append("StructureChanged")
    if status & 0x4000:
        words.append("SemanticsChanged")
    if status & 0x0C00 == 0x0400:  # the info bits concern a data value
        if status & 0x0080:
            words.append("Overflow")
        if status & 0x0300:
            words.append(_LIMITS[(status & 0x0300) >> 8])
    elif status & 0x3FFF:
        words.append(f"+0x{status & 0x3FFF:04X}")
    return " ".join(words)
