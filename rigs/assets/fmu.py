"""Functional mock-up unit: a machine that someone else has modelled."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from rigs.assets.base import Identifier, Nameplate, Strict
from rigs.beside import FileBeside
from rigs.quantity import Duration, Seconds

Source = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}(\.[a-z][a-z0-9_]{0,39}){1,2}$")]
Target = Annotated[str, Field(pattern=r"^([a-z][a-z0-9_]{0,39}|port\.[a-z][a-z0-9_]{0,39}\.[a-z_]{1,20})$")]


class FmuPort(Strict):
    """A port of the unit: where it meets other machines."""

    medium: Literal["gas", "stream", "heat", "wire", "material"]
    gives: Literal["potential", "flow"]


class Fmu(Nameplate):
    """A functional mock-up unit (FMI 2 or 3, co-simulation), in a process of its own.

    `file` lies beside the rig. `inputs` says where each input of the unit takes its value from: ``command.NAME``,
    ``site.FIELD``, ``port.PORT.FIELD`` or ``ASSET.QUANTITY``; `outputs` which of its variables are the asset's signals
    and what its ports give. Left out, every input is a command and every output a signal. All values are SI.

    `step` is how often it is stepped, `timeout` the wall time a step may take; a unit that fails is started again up
    to `restarts` times, `restart_after` it failed.
    """

    kind: Literal["fmu"]
    file: FileBeside
    step: Duration = Field(default=10_000_000, ge=10_000_000, le=3_600_000_000_000)
    timeout: Seconds = Field(default=10.0, gt=0, le=600)
    restarts: int = Field(default=0, ge=0, le=1000)
    restart_after: Duration = Field(default=1_000_000_000, ge=0)
    ports: dict[Identifier, FmuPort] = Field(default_factory=dict)
    inputs: dict[str, Source] | None = None
    outputs: dict[Target, str] | None = None
    parameters: dict[str, float | bool | str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _on_ticks(self) -> Self:
        if self.step % 10_000_000:
            raise ValueError(f"step = {self.step / 1e6:g} ms must be a multiple of the plant's tick, 10 ms")
        return self
