"""``python -m twin``: the twin alone, in a process that knows neither plant nor bench."""

import argparse
import asyncio
import importlib
import json
import logging
import signal
import sys
from pathlib import Path

USAGE_ERROR = 2
BROKEN = 4
STANDARD_INPUT = Path("-")


def main(arguments: list[str] | None = None) -> int:
    """Run the twin until SIGINT or SIGTERM and return its exit code."""
    options = _parser().parse_args(arguments)
    from rigs.document import RigError
    from twin.endpoints import EndpointError
    from twin.history.store import HistoryError

    # The libraries log every broken frame at length; what a link does wrong is told once, in its state.
    for library in ("asyncua", "pymodbus"):
        logging.getLogger(library).setLevel(logging.CRITICAL + 1)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    try:
        return asyncio.run(_run(options))
    except RigError as problem:
        for line in problem.problems:
            print(line, file=sys.stderr)
    except (EndpointError, HistoryError, ValueError) as problem:
        print(problem, file=sys.stderr)
    except OSError as problem:
        print(f"cannot listen on {options.host}:{options.port}: {problem.strerror or problem}", file=sys.stderr)
    return USAGE_ERROR


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m twin", description="Run the digital twin of a rig, alone.")
    parser.add_argument("rig", metavar="RIG", help="a rig file, a folder with one, or a shipped rig's name")
    parser.add_argument(
        "--endpoints",
        type=Path,
        metavar="FILE",
        help="where the devices are: what serve --json printed; - reads it here",
    )
    parser.add_argument("--port", type=int, default=0, metavar="N", help="port of the API; 0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1", help="address of the API; loopback unless you know better")
    parser.add_argument(
        "--clock", choices=("wall", "lockstep"), default="wall", help="lockstep waits for POST /clock/tick"
    )
    parser.add_argument(
        "--history", type=Path, metavar="FILE", help="DuckDB file; without it a bounded history in memory"
    )
    parser.add_argument("--raw-waveforms", action="store_true", help="store waveforms sample by sample")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the jitter of retries")
    parser.add_argument("--json", action="store_true", help="machine-readable lines on stdout")
    return parser


async def _run(options: argparse.Namespace) -> int:
    from rigs.load import load_rig
    from twin.api.app import create_app
    from twin.api.guard import LOOPBACK
    from twin.api.server import ApiServer
    from twin.endpoints import LIMIT, load_endpoints, parse_endpoints
    from twin.runtime import TwinRuntime

    rig = load_rig(options.rig).twin_view()
    _warm_up()
    if options.endpoints == STANDARD_INPUT:
        _load_libraries()
        text = await asyncio.to_thread(sys.stdin.read, LIMIT)
        endpoints = parse_endpoints(text, Path("standard input"), rig)
    else:
        endpoints = load_endpoints(options.endpoints, rig) if options.endpoints else _fixed_endpoints(rig)
    runtime = TwinRuntime(
        rig,
        endpoints,
        options.clock,
        options.history,
        seed=options.seed,
        raw_waveforms=options.raw_waveforms,
    )
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    server = ApiServer(create_app(runtime, LOOPBACK | {options.host}), options.port, options.host)
    try:
        url = await server.start()
        await runtime.start()
        _say(
            options,
            {"event": "endpoint", "device": "twin", "protocol": "http", "url": url},
            f"twin of {rig.rig}: {url}",
        )
        _say(options, {"event": "ready"}, "Running; the API describes itself at /docs. Ctrl-C stops.")
        await stop.wait()
    finally:
        await server.stop()
        await runtime.stop()
    return 0


def _fixed_endpoints(rig: object) -> dict[str, str]:
    """Without an endpoint file only devices on fixed ports of this machine can be found."""
    from rigs.schema import Rig

    assert isinstance(rig, Rig)
    schemes = {"modbus-tcp": "modbus-tcp", "opcua": "opc.tcp", "mqtt": "mqtt"}
    found = {
        device.id: f"{schemes[device.protocol]}://127.0.0.1:{device.port}/"
        for device in rig.devices
        if device.port and device.protocol in schemes
    }
    if not found:
        raise ValueError(f"rig {rig.rig} fixes no ports; say where its devices are with --endpoints FILE")
    return found


def _load_libraries() -> None:
    """Import what is slow to import while somebody else is still getting ready."""
    for name in ("twin.engine", "twin.connectors.opcua", "twin.connectors.modbus", "twin.history.store"):
        importlib.import_module(name)


def _warm_up() -> None:
    """Load compiled kernels before the first block of data waits for them."""
    try:
        from twin.dsp.warmup import FOLLOWING, kernels
    except ModuleNotFoundError:
        return
    for _, job in kernels(FOLLOWING):
        job()


def _say(options: argparse.Namespace, event: dict[str, str], text: str) -> None:
    if options.json:
        print(json.dumps(event), flush=True)
    else:
        print(text, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
