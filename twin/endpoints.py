"""Where the devices are: the endpoint file, as `serve --json` prints it."""

import json
from pathlib import Path
from typing import Any

from rigs.schema import Rig

LIMIT = 1_048_576


class EndpointError(ValueError):
    """The endpoint file cannot be used; the message says where and why."""


def load_endpoints(path: Path, rig: Rig) -> dict[str, str]:
    """Read device id -> URL from JSON lines, a JSON list, or a JSON map of device to URL.

    Lines of other events and of other devices (the control API) are passed over.

    Raises
    ------
    EndpointError : unreadable, not JSON, or an entry without a device or URL
    """
    return parse_endpoints(_text(path), path, rig)


def _text(path: Path) -> str:
    try:
        if not path.is_file():
            raise EndpointError(f"{path}: is no file; pass what `plantbench serve --json` printed")
        if path.stat().st_size > LIMIT:
            raise EndpointError(f"{path}: has more than {LIMIT} bytes; pass what `plantbench serve --json` printed")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise EndpointError(f"{path}: cannot be read: {error}") from None


def parse_endpoints(text: str, path: Path, rig: Rig) -> dict[str, str]:
    """Read the same from text; `path` is what errors call it.

    Raises
    ------
    EndpointError : as for `load_endpoints`
    """
    known = {device.id for device in rig.devices}
    endpoints: dict[str, str] = {}
    for place, entry in _entries(path, text):
        if not isinstance(entry, dict):
            raise EndpointError(f"{path}:{place}: each entry must be a map with 'device' and 'url'")
        if entry.get("event", "endpoint") != "endpoint":
            continue
        device, url = entry.get("device"), entry.get("url")
        if not isinstance(device, str) or not isinstance(url, str):
            raise EndpointError(f"{path}:{place}: an endpoint needs a 'device' and a 'url', both texts")
        if device in known:
            endpoints[device] = url
    if not endpoints:
        raise EndpointError(f"{path}: names no device of rig {rig.rig}; it has {', '.join(sorted(known))}")
    return endpoints


def _entries(path: Path, text: str) -> list[tuple[int, Any]]:
    try:
        whole = json.loads(text)
    except ValueError:
        whole = None
    if isinstance(whole, list):
        return [(1, entry) for entry in whole]
    if isinstance(whole, dict) and "device" not in whole and "event" not in whole:
        return [(1, {"device": device, "url": url}) for device, url in whole.items()]
    entries = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            try:
                entries.append((number, json.loads(line)))
            except ValueError:
                raise EndpointError(f"{path}:{number}: is not JSON; one map per line is expected") from None
    return entries
