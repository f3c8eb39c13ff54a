"""The twin's API: what it knows, and in lockstep what moves its clock, described at /openapi.json."""

import asyncio
import json
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse, Response
from pydantic import ValidationError

from twin.api import models
from twin.api.guard import LOOPBACK, Guard
from twin.api.metrics import CONTENT_TYPE, metrics_text
from twin.finding import plain
from twin.runtime import TwinRuntime

ROWS = 10_000

_NAME = Path(max_length=200)
_NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"model": models.ProblemModel}}


class Json(Response):
    """A JSON answer; numbers JSON cannot carry have become null before they get here."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Encode strictly: NaN or Infinity would be a mistake of ours and is refused."""
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode()


def create_app(runtime: TwinRuntime, hosts: frozenset[str] = LOOPBACK) -> FastAPI:
    """Build the application for a running twin.

    Parameters
    ----------
    runtime : the twin
    hosts : host names under which the API may be addressed
    """
    app = FastAPI(
        title="plantbench twin",
        version="1",
        description="Health, points, findings and assets of a digital twin.",
        default_response_class=Json,
    )
    app.add_middleware(Guard, hosts=hosts)

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, problem: RequestValidationError) -> Json:
        return _invalid(problem.errors())

    @app.get("/health", responses={200: {"model": models.HealthModel}})
    async def health() -> Json:
        """Whether the twin and its links are well."""
        return Json(_health(runtime))

    @app.get("/points", responses={200: {"model": list[models.PointModel]}})
    async def points() -> Json:
        """All points with their newest readings."""
        return Json(runtime.live.all(runtime.now_ns()))

    @app.get("/points/{name}/history", responses={200: {"model": models.HistoryModel}, **_NOT_FOUND})
    async def point_history(
        name: Annotated[str, _NAME],
        from_ns: Annotated[int, Query(ge=0, le=models.MAX_NS)] = 0,
        to_ns: Annotated[int, Query(ge=0, le=models.MAX_NS)] = models.MAX_NS,
        limit: Annotated[int, Query(ge=1, le=ROWS)] = 1000,
    ) -> Json:
        """Newest readings of a point within a span of source time, oldest first."""
        if name not in runtime.live:
            raise HTTPException(404, "no such point")
        waveform = runtime.live.point(name).waveform is not None
        read = runtime.history.waveforms if waveform else runtime.history.readings
        rows = await asyncio.to_thread(read, name, from_ns, to_ns, limit)
        unit = runtime.live.unit(name)
        return Json({"point": name, "unit": unit, "waveform": waveform, "rows": plain(rows)})

    @app.get("/findings", responses={200: {"model": list[models.FindingModel]}})
    async def findings(state: Annotated[str | None, Query(pattern="^(open|closed)$")] = None) -> Json:
        """All findings, oldest first; `state` picks the open or the closed ones."""
        return Json([f.as_dict() for f in runtime.findings() if state in (None, f.state)])

    @app.get("/findings/{name}", responses={200: {"model": models.FindingModel}, **_NOT_FOUND})
    async def finding(name: Annotated[str, _NAME]) -> Json:
        """One finding."""
        found = runtime.finding(name)
        if found is None:
            raise HTTPException(404, "no such finding")
        return Json(found.as_dict())

    @app.get("/assets", responses={200: {"model": list[models.AssetModel]}})
    async def assets() -> Json:
        """All assets with their condition."""
        return Json(runtime.assets())

    @app.get("/metrics", response_class=PlainTextResponse)
    async def metrics() -> PlainTextResponse:
        """Metrics for Prometheus."""
        return PlainTextResponse(metrics_text(runtime), media_type=CONTENT_TYPE)

    @app.post(
        "/clock/tick",
        responses={
            200: {"model": models.TickModel},
            409: {
                "model": models.ProblemModel,
                "description": "time would go back, or the twin runs by the wall clock",
            },
            422: {"model": models.ProblemModel},
        },
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": models.TickRequest.model_json_schema()}},
            }
        },
    )
    async def tick(request: Request) -> Json:
        """Lockstep only: move the clock on, take in everything up to it, and report."""
        # Validated by hand: this is the one route called thousands of times a run.
        try:
            asked = models.TickRequest.model_validate_json(await request.body())
        except ValidationError as problem:
            return _invalid(problem.errors())
        try:
            step = await runtime.tick(asked.t_ns)
        except ValueError as problem:
            raise HTTPException(409, str(problem)) from None
        except RuntimeError as problem:
            if runtime.lockstep:
                raise
            raise HTTPException(409, str(problem)) from None
        return Json(
            {
                "watermark_ns": step.watermark_ns,
                "findings": [finding.as_dict() for finding in step.findings],
                "latency_s": step.latency_s,
            }
        )

    return app


def _invalid(errors: Any) -> Json:
    """Say what is wrong without repeating what was sent: an echoed infinity would break the answer itself."""
    detail = [
        {"at": [str(part) for part in error["loc"]], "rule": error["msg"], "type": error["type"]} for error in errors
    ]
    return Json({"detail": detail}, status_code=422)


def _health(runtime: TwinRuntime) -> dict[str, Any]:
    states = runtime.link_states()
    links_up = all(state.status == "connected" for state in states.values())
    status = "failed" if runtime.failure else "ok" if links_up else "degraded"
    history = runtime.history
    return {
        "status": status,
        "clock": "lockstep" if runtime.lockstep else "wall",
        "now_ns": runtime.now_ns(),
        "watermark_ns": runtime.watermark_ns,
        "uptime_s": runtime.uptime_s(),
        "latency_s": runtime.latency_s,
        "failure": runtime.failure,
        "links": [
            {
                "device": name,
                "status": state.status,
                "last_good_ns": state.last_good_ns,
                "outage_since_ns": state.outage_since_ns,
                "reconnects": state.reconnects,
                "errors": state.errors,
                "last_error": state.last_error,
                "skew_ns": state.skew_ns,
                "polls": runtime.polls.get(name, 0),
                "overruns": runtime.overruns.get(name, 0),
            }
            for name, state in states.items()
        ],
        "history": {
            "written": history.written,
            "pending": history.pending,
            "dropped": history.dropped,
            "last_error": history.last_error,
        },
    }
