"""What every nameplate shares."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class Strict(BaseModel):
    """A model that refuses keys it does not know and does not change once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class Nameplate(Strict):
    """What everyone may know of an asset: nameplate and data sheet. Subclasses name their `kind`.

    `level` is the fidelity the plant gives it: F0 algebraic, F1 lumped differential equations, F2 waveforms; none:
    the asset's own default. `provenance` says where the numbers come from.
    """

    id: Identifier
    title: str = ""
    level: Literal["F0", "F1", "F2"] | None = None
    provenance: str = ""
