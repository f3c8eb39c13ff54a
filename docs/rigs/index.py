"""Draw the shipped rigs and write their list from their files: ``python docs/rigs/index.py``."""

from __future__ import annotations

import textwrap
from collections import Counter
from pathlib import Path

from hil.pictures.topology import topology
from rigs.load import load_rig

FOLDER = Path(__file__).parent
RIGS = FOLDER.parents[1] / "rigs"


def shipped() -> list[str]:
    """Return the names of the rigs that come with the product."""
    return sorted(path.parent.name for path in RIGS.glob("*/rig.yaml"))


def section(name: str) -> str:
    """Return what the page says of one rig: picture, machines, devices, points and scenarios."""
    rig = load_rig(name)
    kinds = Counter(asset.kind for asset in rig.assets)
    machines = ", ".join(kind if count == 1 else f"{count} × {kind}" for kind, count in sorted(kinds.items()))
    counts = Counter(point.device for point in rig.points)
    rows = [f"| `{d.id}` | {d.title} | {d.protocol} | {counts[d.id]} |" for d in rig.devices]
    scenarios = ", ".join(f"`{path.stem}`" for path in sorted((RIGS / name / "scenarios").glob("*.yaml"))) or "none"
    waves = sum(point.waveform is not None for point in rig.points)
    fast = f", {waves} of them {'a waveform' if waves == 1 else 'waveforms'}" if waves else ""
    parts = [
        f"## {name}",
        textwrap.fill(f"**{rig.title}.** {' '.join(rig.description.split())}", 120),
        f"![topology of {name}](img/{name}.svg)",
        textwrap.fill(f"Assets: {machines}.", 120, break_on_hyphens=False),
        f"Points: {len(rig.points)}{fast}.",
        "\n".join(["| device | what it is | protocol | points |", "|---|---|---|---|", *rows]),
        textwrap.fill(f"Scenarios: {scenarios}.", 120, break_on_hyphens=False),
    ]
    return "\n\n".join(parts)


def page() -> str:
    """Return the text of README.md."""
    head = (
        "# Shipped rigs\n\n"
        "Written from the rig files by `python docs/rigs/index.py`. `plantbench check RIG --draw FILE` draws any rig,\n"
        "`plantbench serve RIG` starts one, and `plantbench run RIG SCENARIO` runs a scenario on it."
    )
    return "\n\n".join([head, *(section(name) for name in shipped())]) + "\n"


def main() -> None:
    """Write page and pictures."""
    (FOLDER / "img").mkdir(exist_ok=True)
    for name in shipped():
        (FOLDER / "img" / f"{name}.svg").write_text(topology(load_rig(name)), encoding="utf-8")
    (FOLDER / "README.md").write_text(page(), encoding="utf-8")
    print(f"{len(shipped())} rigs listed in {FOLDER / 'README.md'}")


if __name__ == "__main__":
    main()
