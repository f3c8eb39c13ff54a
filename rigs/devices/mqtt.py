"""MQTT in a rig file: where a value is published, and how a device speaks."""

from typing import Annotated, Literal

from pydantic import Field

from rigs.assets.base import Strict

Level = Annotated[str, Field(pattern=r"^[^+#/\x00-\x1f]{1,100}$")]


class MqttAddress(Strict):
    """Where a value is published: a metric (Sparkplug) or the last part of a topic (plain JSON).

    `device` is the Sparkplug device below the edge node that owns the metric; without one the metric is the node's.
    """

    metric: Annotated[str, Field(pattern=r"^[A-Za-z0-9_ .-]+(/[A-Za-z0-9_ .-]+){0,5}$", max_length=200)]
    device: Level | None = None
    type: Literal["Boolean", "Int32", "UInt32", "Int64", "UInt64", "Float", "Double"] = "Double"


class MqttSettings(Strict):
    """How a device publishes.

    Parameters of the broker: without `broker` the device brings one of its own, on the device's port; else it is a
    client of the broker at ``host:port``. `group` and `node` are the Sparkplug edge node's names (the node is the
    device's id where nothing is said); in the plain profile topics are ``<group>/<node>/<metric>``.
    """

    profile: Literal["sparkplug", "json"] = "sparkplug"
    group: Level = "plantbench"
    node: Level | None = None
    broker: Annotated[str, Field(pattern=r"^[A-Za-z0-9.:_-]+:[0-9]{1,5}$", max_length=260)] | None = None
