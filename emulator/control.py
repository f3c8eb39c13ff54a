"""The emulator's control API: list, inject and clear faults, read the truth, step and pause the clock.

Loopback only. It describes itself at ``/openapi.json``.
"""

import json
from typing import Annotated, Any, Protocol

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field

from emulator.desk import UnknownFault
from emulator.emulation import Emulation
from emulator.http import Guard
from rigs.assets.base import Identifier
from rigs.life import AnyLifeLaw
from rigs.schema import FaultSpec, Growth, GrowthLaw

SECOND = 1_000_000_000


class Driver(Protocol):
    """Whoever advances the plant."""

    paused: bool

    async def step(self, blocks: int) -> None:
        """Advance that many blocks now."""
        ...


Finite = Annotated[float, Field(allow_inf_nan=False)]
Word = Annotated[str, Field(max_length=200)]


class Injection(BaseModel):
    """A fault to inject from now (or `delay_s` later)."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)
    kind: Identifier
    on: str = Field(max_length=130)
    severity: float = Field(default=1.0, ge=0, le=1)
    delay_s: float = Field(default=0.0, ge=0, le=1e9)
    duration_s: float | None = Field(default=None, ge=1e-3, le=1e9)
    growth_s: float | None = Field(
        default=None, ge=1e-3, le=1e9, description="linear growth over this time; absent: a step"
    )
    law: AnyLifeLaw | None = Field(default=None, description="a law in damage time instead, as in scenario files")
    params: dict[Word, Finite | bool | Word] = Field(default_factory=dict, max_length=32)


class RepairOrder(BaseModel):
    """A repair, from now on."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)
    on: str = Field(max_length=130)
    mode: Identifier | None = None
    quality: float = Field(default=0.0, ge=0, le=1, description="share of the damage that stays; 0 is as new")
    downtime_s: float = Field(default=0.0, ge=0, le=1e9, description="the drive stands still so long, then it is done")


class Steps(BaseModel):
    """How many blocks to advance."""

    model_config = ConfigDict(extra="forbid")
    blocks: int = Field(default=1, ge=1, le=100_000)


def injection_spec(injection: Injection, t_ns: int) -> FaultSpec:
    """Turn a request into a fault with an onset on the plant's clock, `t_ns` [ns] being now."""
    onset = t_ns + round(injection.delay_s * SECOND)
    growth: GrowthLaw = Growth(law="linear", duration=f"{injection.growth_s} s") if injection.growth_s else Growth()
    if injection.law is not None:
        growth = injection.law
    return FaultSpec(
        kind=injection.kind,
        on=injection.on,
        severity=injection.severity,
        growth=growth,
        params=injection.params,
    ).model_copy(
        update={
            "onset": onset,
            "until": None if injection.duration_s is None else onset + round(injection.duration_s * SECOND),
        }
    )


def control_app(emulation: Emulation, driver: Driver, endpoints: dict[str, str]) -> FastAPI:
    """Build the API of a running emulation."""
    app = FastAPI(title="plantbench emulator control", version="1")

    app.add_middleware(Guard)

    @app.exception_handler(RequestValidationError)
    async def refused(_: Request, problem: RequestValidationError) -> Response:
        # Without what was sent: a NaN or half a character in it has no JSON form to be sent back in.
        detail = [{key: error[key] for key in ("type", "loc", "msg")} for error in problem.errors()]
        return Response(json.dumps({"detail": detail}), status_code=422, media_type="application/json")

    @app.get("/health")
    async def health() -> dict[str, Any]:
        return {
            "rig": emulation.rig.rig,
            "seed": emulation.seed,
            "t_ns": emulation.t_ns,
            "paused": driver.paused,
        }

    @app.get("/endpoints")
    async def list_endpoints() -> dict[str, str]:
        return endpoints

    @app.get("/faults/kinds")
    async def kinds() -> list[dict[str, Any]]:
        return [
            {
                "kind": name,
                "layer": fault.layer,
                "targets": list(fault.targets),
                "about": (fault.__doc__ or "").split("\n")[0],
            }
            for name, fault in sorted(emulation.desk.kinds.items())
        ]

    @app.get("/faults")
    async def faults() -> list[dict[str, Any]]:
        return emulation.desk.listing()

    @app.post("/faults", status_code=201)
    async def inject(injection: Injection) -> dict[str, int]:
        try:
            return {"id": emulation.desk.add(injection_spec(injection, emulation.t_ns))}
        except UnknownFault as problem:
            raise HTTPException(422, str(problem)) from None

    @app.delete("/faults/{fault_id}", status_code=204)
    async def clear(fault_id: int) -> None:
        if not emulation.desk.clear(fault_id, emulation.t_ns):
            raise HTTPException(404, f"no fault {fault_id}; GET /faults lists them")

    @app.get("/life")
    async def life() -> dict[str, Any]:
        return emulation.life.listing(emulation.t_ns)

    @app.post("/repairs", status_code=202)
    async def repair(order: RepairOrder) -> dict[str, int]:
        downtime_ns = round(order.downtime_s * SECOND)
        try:
            due = emulation.life.repair(emulation.t_ns, order.on, order.mode, order.quality, downtime_ns)
        except ValueError as problem:
            raise HTTPException(422, str(problem)) from None
        return {"due_ns": due.due_ns}

    @app.post("/interlocks/{interlock}/reset", status_code=204)
    async def reset(interlock: str) -> None:
        try:
            if not emulation.life.reset(interlock, emulation.t_ns):
                raise HTTPException(409, f"the cause of {interlock!r} still stands; GET /life shows it")
        except ValueError as problem:
            raise HTTPException(404, str(problem)) from None

    @app.get("/truth")
    async def truth() -> dict[str, Any]:
        return {
            "t_ns": emulation.t_ns,
            "epoch_ns": emulation.epoch_ns,
            "faults": [fault.to_dict() for fault in emulation.truth.faults],
            "states": emulation.plant.truth(),
            "life": emulation.life.truth(emulation.t_ns),
        }

    @app.get("/clock")
    async def clock() -> dict[str, Any]:
        return {"t_ns": emulation.t_ns, "epoch_ns": emulation.epoch_ns, "paused": driver.paused}

    @app.post("/clock/pause")
    async def pause() -> dict[str, bool]:
        driver.paused = True
        return {"paused": True}

    @app.post("/clock/resume")
    async def resume() -> dict[str, bool]:
        driver.paused = False
        return {"paused": False}

    @app.post("/clock/step")
    async def step(steps: Steps) -> dict[str, int]:
        if not driver.paused:
            raise HTTPException(409, "the clock is running; POST /clock/pause first")
        await driver.step(steps.blocks)
        return {"t_ns": emulation.t_ns}

    return app
