"""The system under test as the bench sees it: a process, its API, its files. Nothing else."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

READY_S = 60.0
STOP_S = 10.0
TICK_S = 120.0
# -P: a user's own folder called "twin" must not be taken for ours.
TWIN = (sys.executable, "-P", "-m", "twin")


class TwinDied(RuntimeError):  # noqa: N818 - it says what happened
    """The twin's process ended while it was needed; the message holds its last words."""


class TwinProcess:
    """Our twin in a process of its own, started as a user would start it.

    Parameters
    ----------
    rig : str
        Path or name of the rig.
    endpoints : dict
        Device id -> URL, and `protocols`, device id -> protocol.
    folder : Path
        Where its endpoint file, history and log go.
    lockstep : bool
        Whether the bench drives its clock.

    """

    def __init__(
        self, rig: str, endpoints: dict[str, str], protocols: dict[str, str], folder: Path, *, lockstep: bool
    ) -> None:
        self._rig = rig
        self._endpoints = endpoints
        self._protocols = protocols
        self._lockstep = lockstep
        self.history = folder / "history.duckdb"
        self._endpoint_file = folder / "endpoints.json"
        self._log = folder / "twin.log"
        self._process: asyncio.subprocess.Process | None = None
        self._client: Any = None
        self._drain: asyncio.Task[None] | None = None

    async def spawn(self) -> None:
        """Start the process; it loads its libraries while the devices open, and waits for their endpoints."""
        command = [
            *TWIN, self._rig, "--endpoints", "-", "--port", "0",
            "--clock", "lockstep" if self._lockstep else "wall", "--history", str(self.history), "--json",
        ]  # fmt: skip
        with self._log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env=os.environ | {"PYTHONUNBUFFERED": "1", "PYTHONPATH": search_path()},
                # Ctrl-C at the terminal is the bench's to handle: it stops its twin in order.
                start_new_session=True,
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )

    async def start(self) -> None:
        """Tell it where the devices are (spawn it first if need be) and wait until it is ready.

        Raises
        ------
        TwinDied
            It ended, or was not ready in time.

        """
        import httpx

        if self._process is None:
            await self.spawn()
        await self._announce()
        url = ""
        try:
            async with asyncio.timeout(READY_S):
                while (event := await self._event()).get("event") != "ready":
                    if event.get("event") == "endpoint" and event.get("device") == "twin":
                        url = str(event.get("url", ""))
        except TimeoutError:
            await self.stop()
            raise TwinDied(f"the twin was not ready within {READY_S:.0f} s: {self.last_words()}") from None
        except BaseException:
            await self.stop()
            raise
        if not url:
            await self.stop()
            raise TwinDied("the twin said it was ready without saying where its API is")
        # Whatever it prints from now on must not fill the pipe and stop it.
        assert self._process is not None
        self._drain = asyncio.create_task(_read_on(self._process.stdout))
        self._client = httpx.AsyncClient(base_url=url, timeout=TICK_S, trust_env=False)

    async def _announce(self) -> None:
        """Hand over the endpoints, as `serve --json` prints them; a copy stays with the capture."""
        assert self._process is not None
        assert self._process.stdin is not None
        lines = [
            {"event": "endpoint", "device": device, "protocol": self._protocols[device], "url": url}
            for device, url in self._endpoints.items()
        ]
        text = "".join(json.dumps(line) + "\n" for line in lines)
        self._endpoint_file.write_text(text, encoding="utf-8")
        # A process that has ended says so when it is asked for its events.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._process.stdin.write(text.encode())
            await self._process.stdin.drain()
        self._process.stdin.close()

    async def tick(self, t_ns: int) -> dict[str, Any]:
        """Have it take in everything up to `t_ns` [ns UTC]; returns watermark and new or changed findings."""
        answer = await self._call("POST", "/clock/tick", {"t_ns": t_ns})
        if not isinstance(answer, dict) or not isinstance(answer.get("findings"), list):
            raise TwinDied(f"the twin answered /clock/tick without findings: {str(answer)[:300]}")
        return answer

    async def get(self, path: str) -> Any:
        """Read from its API."""
        return await self._call("GET", path)

    async def stop(self) -> None:
        """End it in order; kill it if it does not go."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(STOP_S):
                    await process.wait()
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        drain, self._drain = self._drain, None
        if drain is not None:
            drain.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await drain

    def last_words(self) -> str:
        """Return the end of its log, for an error message."""
        try:
            lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        except OSError:
            return "(no log)"
        return " | ".join(lines[-3:]) or "(nothing said)"

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process else None

    async def _call(self, method: str, path: str, body: Any = None) -> Any:
        import httpx

        if self._client is None:
            raise TwinDied("the twin is not running")
        try:
            answer = await self._client.request(method, path, json=body)
        except httpx.HTTPError as problem:
            if self._process is not None and self._process.returncode is None:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(1.0):
                        await self._process.wait()
            code = None if self._process is None else self._process.returncode
            if code is not None:
                raise TwinDied(f"the twin ended with code {code} during {path}: {self.last_words()}") from None
            raise TwinDied(f"the twin did not answer {path}: {problem!r}") from None
        if answer.status_code >= 400:
            raise TwinDied(f"the twin answered {path} with {answer.status_code}: {answer.text[:300]}")
        try:
            return answer.json()
        except ValueError:
            raise TwinDied(f"the twin answered {path} with something that is no JSON: {answer.text[:300]}") from None

    async def _event(self) -> dict[str, Any]:
        """Return the next line of its output if it is an event, an empty one for anything else."""
        assert self._process is not None
        assert self._process.stdout is not None
        try:
            line = await self._process.stdout.readline()
            if line:
                event = json.loads(line)
                return event if isinstance(event, dict) else {}
        except ValueError:  # no JSON, or a line without end
            return {}
        code = await self._process.wait()
        raise TwinDied(f"the twin ended with code {code} before it was ready: {self.last_words()}")


async def _read_on(stdout: asyncio.StreamReader | None) -> None:
    while stdout is not None and await stdout.read(65_536):
        pass


def search_path() -> str:
    """Return a PYTHONPATH on which the twin that belongs to this bench comes first."""
    home = str(Path(__file__).resolve().parents[1])
    return os.pathsep.join(filter(None, [home, os.environ.get("PYTHONPATH")]))


def _die_with_parent() -> None:
    """Ask the kernel to end this process if the bench dies without a word (SIGKILL included)."""
    import ctypes

    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)
