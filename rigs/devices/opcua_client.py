"""How a twin talks to an OPC UA device: by polling or by subscription, how securely, and as whom."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from rigs.assets.base import Strict
from rigs.devices.opcua_security import Endpoint
from rigs.quantity import Duration

File = Annotated[str, Field(min_length=1, max_length=1000)]
Variable = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=100)]


class OpcUaClient(Strict):
    """What the device's client is told.

    `mode` ``subscribe`` has values reported as they change, every `publishing` (unset: the device's poll), and reads
    only waveforms; a server without subscriptions is read all the same, and so is every server in lockstep.
    `endpoint` is the security that is used, never another; all but ``None`` need `certificate` and `key` (the
    client's own, PEM or DER) and `trusted`, a file or folder with the certificates it trusts: servers' own or their
    authorities'; without the three, those of devices emulated on this machine are taken. `server_name` is the
    name on the server's certificate, where a link or a tunnel is dialled instead. `user` logs in with the
    password in the environment variable `password_env`.
    """

    mode: Literal["read", "subscribe"] = "read"
    publishing: Duration | None = Field(default=None, gt=0)
    endpoint: Endpoint = "None"
    certificate: File | None = None
    key: File | None = None
    trusted: File | None = None
    server_name: File | None = None
    user: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    password_env: Variable | None = None
    allow_clear_password: bool = False

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        named = [name for name in ("certificate", "key", "trusted") if getattr(self, name) is not None]
        if len(named) not in (0, 3):
            raise ValueError(f"{' and '.join(named)} alone; certificate, key and trusted go together, all or none")
        if (self.user is None) != (self.password_env is None):
            raise ValueError("user and password_env go together; give both or neither")
        return self
