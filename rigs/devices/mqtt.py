"""MQTT in a rig file: where a value is published, and how a device speaks."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from rigs.assets.base import Strict
from rigs.quantity import Duration

Level = Annotated[str, Field(pattern=r"^[^+#/\x00-\x1f]{1,100}$")]
Filter = Annotated[str, Field(min_length=1, max_length=1000)]
File = Annotated[str, Field(min_length=1, max_length=1000)]
Variable = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=100)]
Scalar = Literal[
    "Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float", "Double", "Boolean", "String",
    "DateTime", "Text", "UUID", "Bytes",
]  # fmt: skip


class MqttAddress(Strict):
    """Where a value is published: a metric (Sparkplug) or the last part of a topic (plain JSON).

    `device` is the Sparkplug device below the edge node that owns the metric; without one the metric is the node's.
    `dead_band` is how far the value must move before it is reported again, in the point's unit (unset: as the
    device's `dead_band` says). DateTime takes the value as milliseconds since 1970; String and Text write it out.
    """

    metric: Annotated[str, Field(pattern=r"^[A-Za-z0-9_ .-]+(/[A-Za-z0-9_ .-]+){0,5}$", max_length=200)]
    device: Level | None = None
    type: Scalar = "Double"
    dead_band: float | None = Field(default=None, ge=0, allow_inf_nan=False)


class MqttAccount(Strict):
    """A user of an emulated broker: the password stands in an environment variable, or here as a salted hash.

    `password_hash` is ``scrypt$SALT$HASH``, both in hex (n 16384, r 8, p 1, 32 bytes). `publish` and `subscribe` are
    the topic filters this user may use.
    """

    user: Annotated[str, Field(min_length=1, max_length=100)]
    password_env: Variable | None = None
    password_hash: Annotated[str, Field(pattern=r"^scrypt\$[0-9a-f]{16,128}\$[0-9a-f]{64}$")] | None = Field(
        default=None, repr=False
    )
    publish: tuple[Filter, ...] = Field(default=("#",), max_length=1000)
    subscribe: tuple[Filter, ...] = Field(default=("#",), max_length=1000)

    @model_validator(mode="after")
    def _has_one_password(self) -> Self:
        if (self.password_env is None) == (self.password_hash is None):
            raise ValueError(f"account {self.user!r} needs one of password_env and password_hash")
        return self


class MqttSettings(Strict):
    """How a device publishes.

    Without `broker` the device brings one of its own, on the device's port; with the id of another MQTT device it
    uses that one's; else it is a client of the broker at ``host:port``. `user` and `password_env` (the name of an
    environment variable) are what clients of the broker log in with; `accounts` is what an emulated broker accepts:
    without any, everybody. `tls` encrypts; `ca` is the file with the authority an outside broker must be signed by,
    `certificate` and `key` (PEM) are what its clients show where it asks for a certificate, `server_name` is the
    name on the broker's, where a link or a tunnel is dialled instead.

    `group` and `node` are the Sparkplug edge node's names (the node is the device's id where nothing is said); in the
    plain profile topics are ``<group>/<node>/<metric>``, with `qos` and `retain`.

    `period` is how often the device publishes (unset: at every scan), what has moved beyond `dead_band` (fraction of
    range) since it was last reported, and everything at least every `refresh`. `waveform` says how samples travel.
    An edge node with a `primary_host` publishes only while that host says it is online, and keeps up to `store`
    messages for it; they go out flagged historical. `templates` puts a definition and instances into the births.
    """

    profile: Literal["sparkplug", "json"] = "sparkplug"
    group: Level = "plantbench"
    node: Level | None = None
    broker: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+(:[0-9]{1,5})?$", max_length=260)] | None = None
    user: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    password_env: Variable | None = None
    accounts: tuple[MqttAccount, ...] = Field(default=(), max_length=1000)
    tls: bool = False
    ca: File | None = None
    certificate: File | None = None
    key: File | None = None
    server_name: File | None = None
    keep_alive: int = Field(default=30, ge=1, le=65_535)
    qos: Literal[0, 1, 2] = 0
    retain: bool = False
    period: Duration | None = Field(default=None, gt=0)
    refresh: Duration = Field(default=1_000_000_000, gt=0)
    dead_band: float = Field(default=0.0, ge=0, lt=1, allow_inf_nan=False)
    waveform: Literal["dataset", "array"] = "dataset"
    aliases: bool = True
    templates: bool = False
    primary_host: Level | None = None
    store: int = Field(default=10_000, ge=0, le=1_000_000)

    @model_validator(mode="after")
    def _has_both(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key go together; give both or neither")
        return self

    @property
    def external(self) -> tuple[str, int] | None:
        """Host and port of a broker outside the rig, if it is one."""
        if self.broker is None or ":" not in self.broker:
            return None
        host, _, port = self.broker.rpartition(":")
        return host, int(port)
