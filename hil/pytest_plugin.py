"""Test a twin, connector or controller against a rig from an ordinary test file.

Run ``pytest --rig pump_skid``. The fixtures:

``rig``
    The rig as read from its file (`rigs.schema.Rig`).
``bench``
    The rig alive on real sockets with the twin connected, in lockstep. ``bench.advance(30)`` lets thirty
    seconds of plant time pass, ``bench.inject("imbalance", on="pump1", severity=0.7)`` sets a fault,
    ``bench.expect("imbalance", on="pump1", within_s=45)`` advances until the twin has found it and fails the
    test if it does not.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import pytest

if TYPE_CHECKING:
    from hil.runner import Bench
    from rigs.schema import Rig

SECOND = 1_000_000_000
T = TypeVar("T")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the rig's options to the command line."""
    group = parser.getgroup("plantbench")
    group.addoption("--rig", default=None, help="rig file or shipped rig the `rig` and `bench` fixtures use")
    group.addoption("--rig-seed", type=int, default=1, help="seed of everything random in the rig (default 1)")


@pytest.fixture
def rig(request: pytest.FixtureRequest) -> "Rig":
    """Return the rig named by ``--rig``, or by a ``rig_name`` fixture or module variable of the test file."""
    from rigs.document import RigError
    from rigs.load import load_rig

    try:
        return load_rig(_rig_name(request))
    except RigError as problem:
        pytest.fail(str(problem), pytrace=False)


@pytest.fixture
def bench(request: pytest.FixtureRequest, rig: "Rig", tmp_path: Path) -> Iterator["BenchFixture"]:
    """Bring the rig to life with the twin connected; everything is stopped after the test."""
    from hil.runner import Bench, Options
    from rigs.load import find

    options = Options(str(find(_rig_name(request))), seed=request.config.getoption("--rig-seed"))
    with _loop_in_a_thread() as run:
        live = Bench(options, rig, tmp_path / "bench")
        run(live.__aenter__())
        try:
            yield BenchFixture(live, run)
        finally:
            run(live.close())


@contextlib.contextmanager
def _loop_in_a_thread() -> Iterator[Callable[[Coroutine[Any, Any, T]], T]]:
    """Yield a function that runs a coroutine on a loop of its own and waits for it.

    The loop turns while the test does something else: its devices answer a blocking client in the test.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="plantbench", daemon=True)
    thread.start()

    def run(work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, loop).result()

    try:
        yield run
    finally:
        run(loop.shutdown_asyncgens())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class BenchFixture:
    """What a test does with a live rig. Times are seconds of plant time.

    Plant time stands still between two calls, and the devices go on answering: a client of your own may read
    from `endpoints` in the test itself.
    """

    def __init__(self, live: "Bench", run: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
        self._live = live
        self._run = run

    @property
    def t_s(self) -> float:
        """Plant time [s]."""
        return self._live.t_ns / SECOND

    @property
    def endpoints(self) -> dict[str, str]:
        """Device id -> URL, for a client of your own."""
        return dict(self._live.live.endpoints)

    @property
    def findings(self) -> list[dict[str, Any]]:
        """Everything the twin has found so far, oldest first."""
        return sorted(self._live.findings.values(), key=lambda finding: finding["detected_ns"])

    def advance(self, seconds: float) -> None:
        """Let plant time pass, the twin keeping up."""
        self._run(self._live.advance(self._live.t_ns + round(seconds * SECOND)))

    def inject(
        self, kind: str, on: str, severity: float = 1.0, growth_s: float | None = None, **params: Any
    ) -> int | None:
        """Set a fault from now on; with `growth_s` it grows linearly. Returns its id, for `clear`.

        Raises
        ------
        emulator.desk.UnknownFault
            No such fault, target or parameter; the message offers the nearest.

        """
        from emulator.control import Injection, injection_spec

        request = Injection(kind=kind, on=on, severity=severity, growth_s=growth_s, params=params)
        return self._now(lambda: self._live.inject(injection_spec(request, self._live.t_ns)))

    def clear(self, fault_id: int) -> None:
        """Take a fault away."""
        self._now(lambda: self._live.live.emulation.desk.clear(fault_id, self._live.t_ns))

    def write(self, point: str, value: float | bool) -> None:
        """Give a command at a device's panel, in the point's own unit."""
        self._now(lambda: self._live.write(point, value))

    def read(self, point: str) -> Any:
        """Return a point as the twin sees it: value, quality, age."""
        return next(entry for entry in self._run(self._twin().get("/points")) if entry["id"] == point)

    def expect(self, fault: str, on: str | None = None, *, within_s: float) -> dict[str, Any]:
        """Advance until the twin has found `fault` (on `on`); fail the test if it has not in `within_s`.

        Returns
        -------
        dict
            The finding, with its evidence.

        """
        until = self._live.t_ns + round(within_s * SECOND)
        step = max(self._live.rig.clock.watermark, SECOND)
        while True:
            for finding in self.findings:
                if finding["fault"] == fault and on in (None, finding["on"]):
                    return finding
            if self._live.t_ns >= until:
                seen = ", ".join(f"{f['fault']} on {f['on']}" for f in self.findings) or "nothing"
                place = f" on {on}" if on else ""
                pytest.fail(
                    f"{fault}{place} was not found within {within_s:g} s; the twin found {seen}",
                    pytrace=False,
                )
            self._run(self._live.advance(min(until, self._live.t_ns + step)))

    def expect_silence(self, for_s: float) -> None:
        """Advance; fail the test if anything new is found."""
        before = {finding["id"] for finding in self.findings}
        self.advance(for_s)
        fresh = [f"{f['fault']} on {f['on']}" for f in self.findings if f["id"] not in before]
        if fresh:
            pytest.fail(f"the twin should have stayed silent; it found {', '.join(fresh)}", pytrace=False)

    def _now(self, call: Callable[[], T]) -> T:
        """Have `call` run where everything else of the rig runs."""

        async def work() -> T:
            return call()

        return cast("T", self._run(work()))

    def _twin(self) -> Any:
        assert self._live.twin is not None
        return self._live.twin


def _rig_name(request: pytest.FixtureRequest) -> str:
    name = request.config.getoption("--rig") or getattr(request.module, "rig_name", None)
    if not isinstance(name, str):  # a fixture of that name is an object of pytest's in the module
        name = None
        with contextlib.suppress(pytest.FixtureLookupError):
            name = request.getfixturevalue("rig_name")
    if not name:
        pytest.fail("name a rig: pytest --rig pump_skid, or rig_name = 'pump_skid' in the test file", pytrace=False)
    return str(name)
