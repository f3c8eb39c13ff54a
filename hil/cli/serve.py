"""``plantbench serve``: the emulated plant alone, until Ctrl-C."""

from typing import Annotated

import typer

RigName = Annotated[str, typer.Argument(metavar="RIG", help="A rig file, a folder with one, or a shipped rig's name.")]


def serve(
    rig: RigName,
    clock: Annotated[
        str, typer.Option(help="wall, xN (N times real time) or lockstep (stepped over the control API)")
    ] = "wall",
    seed: Annotated[int, typer.Option(help="seed of everything random")] = 1,
    port_base: Annotated[
        int | None, typer.Option("--port-base", min=1, max=65000, help="first port; default: free ones")
    ] = None,
    host: Annotated[
        str,
        typer.Option(metavar="ADDRESS", help="what devices listen on; all but loopback is open to others"),
    ] = "127.0.0.1",
    json_lines: Annotated[bool, typer.Option("--json", help="machine-readable lines on stdout")] = False,
) -> None:
    """Serve a rig's emulated devices on real protocols, with a control API, until Ctrl-C."""
    import asyncio

    from hil.serving import serve_rig

    raise typer.Exit(asyncio.run(serve_rig(rig, clock, seed, port_base, host=host, json_lines=json_lines)))
