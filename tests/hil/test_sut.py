"""A twin may do anything: die, say nothing, say nonsense. The bench names it, and leaves no process behind."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hil import sut
from hil.sut import TwinDied, TwinProcess

# A twin in a dozen lines: it serves what it is told on loopback, and says where.
SERVER = """
import http.server, json, os, sys, threading
class Api(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self):
        self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.path == "/die":
            os._exit(7)
        status, body = ANSWERS.get(self.path, (404, "no such thing"))
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())
    do_GET = do_POST = answer
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
def say(**event): print(json.dumps(event), flush=True)
def ready():
    say(event="endpoint", device="twin", protocol="http", url="http://127.0.0.1:%d" % server.server_port)
    say(event="ready")
ANSWERS = {"/clock/tick": (200, '{"watermark_ns": 5, "findings": []}'), "/points": (200, "[]")}
"""


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


@contextlib.asynccontextmanager
async def twin(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> AsyncIterator[TwinProcess]:
    """A bench's hold on a twin made of `script`, not yet started; stopped and gone afterwards."""
    (folder / "fake.py").write_text(SERVER + script)
    monkeypatch.setattr(sut, "TWIN", (sys.executable, str(folder / "fake.py")))
    process = TwinProcess(
        "pump_skid", {"drive1": "modbus-tcp://127.0.0.1:1"}, {"drive1": "modbus-tcp"}, folder, lockstep=True
    )
    pids: list[int] = []
    try:
        yield process
        pids = [process.pid] if process.pid else []
    finally:
        await process.stop()
        for pid in pids:
            assert not alive(pid)
        assert asyncio.all_tasks() == {asyncio.current_task()}


def started(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> str:
    """Start a twin that must fail to start; returns what the bench says of it."""

    async def main() -> str:
        async with twin(folder, monkeypatch, script) as process:
            with pytest.raises(TwinDied) as caught:
                await process.start()
            return str(caught.value)

    return asyncio.run(main())


def asked(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str, path: str = "/clock/tick") -> str:
    """Start a twin that fails when it is asked; returns what the bench says of it."""

    async def main() -> str:
        async with twin(folder, monkeypatch, "ready()\n" + script + "\nserver.serve_forever()") as process:
            await process.start()
            with pytest.raises(TwinDied) as caught:
                await (process.tick(5) if path == "/clock/tick" else process.get(path))
            return str(caught.value)

    return asyncio.run(main())


def test_a_twin_is_started_ticked_read_and_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    async def main() -> None:
        async with twin(tmp_path, monkeypatch, "ready()\nserver.serve_forever()") as process:
            await process.start()
            assert await process.tick(5) == {"watermark_ns": 5, "findings": []}
            assert await process.get("/points") == []

    asyncio.run(main())


def test_it_is_told_where_the_devices_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    script = (
        "ANSWERS['/argv'] = (200, json.dumps(sys.argv[1:]))\n"
        "ANSWERS['/told'] = (200, sys.stdin.read())\nready()\nserver.serve_forever()"
    )

    async def main() -> None:
        async with twin(tmp_path, monkeypatch, script) as process:
            await process.start()
            argv = await process.get("/argv")
            assert argv[0] == "pump_skid"
            assert (argv[argv.index("--clock") + 1], argv[argv.index("--endpoints") + 1]) == ("lockstep", "-")
            endpoint = {"device": "drive1", "protocol": "modbus-tcp", "url": "modbus-tcp://127.0.0.1:1"}
            assert await process.get("/told") == {"event": "endpoint"} | endpoint

    asyncio.run(main())


def test_death_before_it_is_ready_is_told_with_its_code_and_last_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    said = started(tmp_path, monkeypatch, "print('no licence', file=sys.stderr)\nsys.exit(3)")
    assert said == "the twin ended with code 3 before it was ready: no licence"


def test_a_twin_that_says_nothing_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sut, "READY_S", 0.3)
    said = started(tmp_path, monkeypatch, "server.serve_forever()")
    assert "was not ready within 0 s" in said
    assert "(nothing said)" in said


def test_a_twin_that_is_ready_nowhere_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    said = started(tmp_path, monkeypatch, "say(event='ready')\nserver.serve_forever()")
    assert said == "the twin said it was ready without saying where its API is"


def test_whatever_else_it_prints_is_let_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    noise = (
        "print('hello')\nprint('5')\nprint('[1]')\nprint('{}')\nprint('null')\nprint('{\"event\": 3}')\n"
        "sys.stdout.buffer.write(b'\\xff\\xfe\\n')\nprint('x' * 200_000)\n"
        "say(event='endpoint', device='other', url='http://127.0.0.1:1')\nready()\n"
        "threading.Thread(target=lambda: print('y' * 1_000_000, flush=True), daemon=False).start()\n"
        "server.serve_forever()"
    )

    async def main() -> None:
        async with twin(tmp_path, monkeypatch, noise) as process:
            await process.start()
            assert await process.tick(5) == {"watermark_ns": 5, "findings": []}

    asyncio.run(main())


def test_death_while_it_is_needed_is_told_with_its_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    said = asked(tmp_path, monkeypatch, "print('stack overflow', file=sys.stderr, flush=True)", "/die")
    assert said == "the twin ended with code 7 during /die: stack overflow"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ((500, "Internal Server Error"), "answered /clock/tick with 500: Internal Server Error"),
        ((200, "<html>"), "with something that is no JSON: <html>"),
        ((200, "[]"), "answered /clock/tick without findings: []"),
        ((200, '{"findings": 3}'), "without findings"),
        ((200, "null"), "without findings"),
    ],
)
def test_an_answer_that_is_none_is_the_twins_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: tuple[int, str], expected: str
):
    assert expected in asked(tmp_path, monkeypatch, f"ANSWERS['/clock/tick'] = {answer!r}")


def test_a_twin_that_does_not_answer_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sut, "TICK_S", 0.3)
    script = "Api.do_POST = lambda self: threading.Event().wait()\nserver.daemon_threads = True"
    assert "the twin did not answer /clock/tick" in asked(tmp_path, monkeypatch, script)


def test_a_twin_that_will_not_go_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sut, "STOP_S", 0.3)
    script = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nready()\nserver.serve_forever()"

    async def main() -> None:
        async with twin(tmp_path, monkeypatch, script) as process:
            await process.start()

    asyncio.run(main())


def test_cancelling_the_start_leaves_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    async def main() -> None:
        async with twin(tmp_path, monkeypatch, "server.serve_forever()") as process:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    await process.start()
            assert process.pid is None

    asyncio.run(main())


def test_a_twin_that_was_never_started_has_nothing_to_say(tmp_path: Path):
    async def main() -> None:
        process = TwinProcess("pump_skid", {}, {}, tmp_path, lockstep=True)
        with pytest.raises(TwinDied, match="is not running"):
            await process.get("/points")
        assert process.last_words() == "(no log)"
        assert process.pid is None
        await process.stop()

    asyncio.run(main())


def test_our_own_twin_is_found_whatever_lies_in_the_users_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "twin").mkdir()
    (tmp_path / "twin" / "__main__.py").write_text("raise SystemExit('somebody else')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)

    async def main() -> None:
        process = TwinProcess("no_such_rig", {}, {}, tmp_path, lockstep=True)
        with pytest.raises(TwinDied) as caught:
            await process.start()
        assert "somebody else" not in str(caught.value)
        assert "no_such_rig" in str(caught.value)

    asyncio.run(main())
    assert "PYTHONPATH" not in os.environ
