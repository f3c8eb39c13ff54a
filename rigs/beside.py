"""Files that a rig names: they lie beside its file or below, never elsewhere."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, ValidationInfo


def _beside(name: str, info: ValidationInfo) -> str:
    """Return the absolute path; links are followed before it is judged."""
    folder = Path((info.context or {}).get("folder", ".")).resolve()
    path = Path(name)
    if not name or path.is_absolute() or "\\" in name:
        raise ValueError(f"{name!r} must be a path relative to the rig's folder, with forward slashes")
    target = (folder / path).resolve()
    if not target.is_relative_to(folder):
        raise ValueError(f"{name!r} leads out of the rig's folder; keep the file beside the rig")
    return str(target)


FileBeside = Annotated[str, AfterValidator(_beside)]
