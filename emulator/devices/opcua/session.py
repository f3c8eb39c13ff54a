"""Sessions whose token cannot be guessed, and who may open one."""

import secrets
from typing import Any

from asyncua import ua
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.internal_server import InternalServer
from asyncua.server.internal_session import InternalSession
from asyncua.ua.ua_binary import nodeid_to_binary

from emulator.devices.opcua.remembered import forget


class AnonymousOnly:
    """The user manager of a device without users: everyone is an ordinary user, nobody an administrator."""

    def get_user(
        self, iserver: InternalServer, username: Any = None, password: Any = None, certificate: Any = None
    ) -> User:
        """Return the one kind of user there is."""
        return User(role=UserRole.User)


class Session(InternalSession):
    """A session whose token cannot be guessed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.external:
            self.iserver.unregister_external_session(self)
            self.auth_token = ua.NodeId(secrets.token_bytes(32), 0, ua.NodeIdType.ByteString)
            self.iserver.register_external_session(self)
        self.encoded_token = nodeid_to_binary(self.auth_token)

    async def close_session(self, delete_subs: bool = True) -> None:
        """End the session, and with it what services remember for it."""
        forget(self)
        await super().close_session(delete_subs)
