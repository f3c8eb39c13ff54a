"""Write an asset of a rig as an FMU."""

import json
import sys
from pathlib import Path

USAGE_ERROR = 2


def export_fmu(rig: str, asset: str, out: Path, fmi: int, seed: int, *, json_lines: bool) -> int:
    """Write the file and say what is in it; returns the exit code.

    Raises
    ------
    RigError
        The rig is wrong.

    """
    from emulator.fmi.export import ExportError, export

    try:
        names = export(rig, asset, out, fmi, seed)
    except ExportError as problem:
        print(f"plantbench export-fmu: {problem}", file=sys.stderr)
        return USAGE_ERROR
    if json_lines:
        print(json.dumps({"event": "fmu", "file": str(out), "asset": asset, "fmi": fmi, "variables": names}))
    else:
        print(f"{asset} of {rig} written to {out}: FMI {fmi}, {len(names)} variables.")
        print("It runs where plantbench is importable; documentation/index.html in it says more.")
    return 0
