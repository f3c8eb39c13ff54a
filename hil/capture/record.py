"""`record.json`: enough to know what happened, and to run it again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from hil.record import RunRecord


def write_record(directory: Path, run: RunRecord) -> Path:
    """Write `record.json` into `directory`, whole or not at all, and return its path."""
    path = directory / "record.json"
    part = directory / "record.json.part"
    part.write_text(json.dumps(run.to_json(), indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    part.replace(path)
    return path
