"""Rewrite the tables of docs/dsp/results.md from recorded data: `python docs/dsp/figures/results.py DIR [SET …]`.

DIR holds the folders cwru/, mfpt/, … Each set's part of the page stands between two markers and is what
`plantbench score SET --data DIR --markdown` prints; the words around it are written by hand.
"""

import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parent.parent / "results.md"
SETS = ("cwru", "mfpt", "hit_sm", "femto", "ims", "gearbox_gfd", "motor_itsc")
COMMAND = [sys.executable, "-m", "hil.cli", "score"]


def main(data: str, names: tuple[str, ...]) -> None:
    """Run the commands and put what they print between the markers."""
    page = PAGE.read_text(encoding="utf-8")
    for name in names:
        done = subprocess.run(
            [*COMMAND, name, "--data", data, "--markdown"], check=False, stdout=subprocess.PIPE, text=True
        )
        if done.returncode not in (0, 1):
            sys.exit(f"plantbench score {name} ended with {done.returncode}; the page was not touched")
        between = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        tables = done.stdout.strip()
        page, found = between.subn(lambda match, tables=tables: f"{match[1]}\n{tables}\n\n{match[2]}", page)
        if found != 1:
            sys.exit(f"{PAGE}: needs the markers <!-- {name} --> and <!-- /{name} --> once")
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1], tuple(sys.argv[2:]) or SETS)
