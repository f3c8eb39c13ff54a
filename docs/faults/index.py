"""Write the index of faults from their pages: ``python docs/faults/index.py``.

A page says its layer and what it acts on in its first paragraph, and what it is in a comment at its end.
"""

import re
from pathlib import Path

FOLDER = Path(__file__).parent
LAYERS = ("physics", "sensor", "device", "protocol", "link")
START, END = "| fault | layer | acts on | what it is |", "\n\nOn real hardware"


def row(page: Path) -> tuple[int, str, str]:
    """Return the layer's rank, the page's name and its line of the table."""
    text = page.read_text(encoding="utf-8")
    head = re.search(r"^Layer (\w+)\. Acts on ([^\n]*?)\.(?:\s|$)", text.replace("\n", " \n"), re.MULTILINE)
    said = re.search(r"<!-- index: (.*?) -->", text)
    if head is None or said is None:
        raise SystemExit(f"{page}: needs 'Layer X. Acts on Y.' and a last line '<!-- index: what it is -->'")
    layer, on = head[1], head[2].strip()
    picture = f" · [picture](img/{page.stem}.svg)" if (FOLDER / "img" / f"{page.stem}.svg").exists() else ""
    return LAYERS.index(layer), page.stem, f"| [{page.stem}]({page.name}) | {layer} | {on} | {said[1]}{picture} |"


def main() -> None:
    """Rewrite the table of README.md."""
    readme = FOLDER / "README.md"
    text = readme.read_text(encoding="utf-8")
    rows = sorted(row(page) for page in FOLDER.glob("*.md") if page.name != "README.md")
    before, after = text.index(START), text.index(END)
    table = "\n".join([START, "|---|---|---|---|", *(line for _, _, line in rows)])
    readme.write_text(text[:before] + table + text[after:], encoding="utf-8")
    print(f"{len(rows)} faults listed in {readme}")


if __name__ == "__main__":
    main()
