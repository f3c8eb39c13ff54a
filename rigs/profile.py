"""Device profiles: register maps of kinds of device, used by rigs instead of writing every register down.

A device of a rig says ``profile: {use: energy_meter, bind: {active_power: motor1.electrical_power_w}}``. Registers
that are bound become points; all others stand in the device with the value the profile gives them, so that a scan of
the device finds what a scan of a real one would. A profile is a YAML file: one of the package's (`profiles/`), or one
beside the rig.
"""

import difflib
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field, TypeAdapter, ValidationError

from rigs.assets.base import Identifier, Strict
from rigs.devices.modbus import ModbusAddress
from rigs.document import Document, Path_, Problem, RigError, read

SHIPPED: Final = Path(__file__).parent / "profiles"
LARGEST: Final = 2_000  # registers of one profile


class ProfileRegister(Strict):
    """One value of a profile; what it says goes before the profile's `defaults`. `value` is in its unit."""

    id: Identifier
    register_: int = Field(alias="register", ge=0, le=65535)
    table: str | None = None
    type: str | None = None
    order: str | None = None
    scale: float | None = None
    offset: float | None = None
    bit: int | None = None
    length: int | None = None
    not_available: str | float | None = None
    write_once: bool | None = None
    unit: str = ""
    range: tuple[float, float] | None = None
    value: float | bool | str = 0.0
    quantity: Identifier | None = None
    writable: bool = False
    about: str = ""

    def address(self, defaults: dict[str, Any], unit: int, shift: int) -> dict[str, Any]:
        """Return the address as a rig file writes it."""
        keys = ("table", "type", "order", "scale", "offset", "bit", "length", "not_available", "write_once")
        own = {key: getattr(self, key) for key in keys if getattr(self, key) is not None}
        if own.get("type") in ("bool", "string"):
            defaults = {key: value for key, value in defaults.items() if key in ("table", "order")}
        if own.get("table", defaults.get("table")) in ("coil", "discrete"):
            defaults = {"table": defaults.get("table"), "type": "bool"}
        return defaults | own | {"unit": unit, "register": self.register_ + shift}


class Profile(Strict):
    """A kind of device: its registers, what it says of itself, and what kind of server it is (`modbus`)."""

    profile: Identifier
    title: str
    provenance: str
    defaults: dict[str, Any] = Field(default_factory=dict)
    identity: dict[str, Any] = Field(default_factory=dict)
    modbus: dict[str, Any] = Field(default_factory=dict)
    registers: tuple[ProfileRegister, ...] = Field(min_length=1, max_length=LARGEST)


class Binding(Strict):
    """What a register shows and commands in the plant, if more is to be said than the signal."""

    signal: str | None = None
    write: str | None = None
    asset: Identifier | None = None
    quantity: Identifier | None = None
    sensor: dict[str, Any] | None = None
    critical: bool = False
    range: tuple[float, float] | None = None


class ProfileUse(Strict):
    """Which profile a device follows, as which unit, from which register on, and what is bound to it.

    Points are called ``<name>.<register>``; the name is the device's where nothing is said.
    """

    use: str
    unit: int = Field(default=1, ge=1, le=247)
    shift: int = Field(default=0, ge=0, le=65535)
    name: Identifier | None = None
    bind: dict[Identifier, str | Binding] = Field(default_factory=dict)


_USES = TypeAdapter(Annotated[list[ProfileUse], Field(min_length=1)])


def profiles() -> list[str]:
    """Names of the profiles that come with the package."""
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def load_profile(path: Path) -> Profile:
    """Read and check a profile.

    Raises
    ------
    RigError
        Unreadable, or a register that cannot be; with the place in the profile's file.

    """
    document = read(path)
    try:
        profile = Profile.model_validate(document.data)
    except ValidationError as wrong:
        raise RigError(*(_inside(document, error) for error in wrong.errors(include_url=False))) from None
    seen: dict[str, int] = {}
    for index, register in enumerate(profile.registers):
        where: Path_ = ("registers", index)
        if register.id in seen:
            raise RigError(
                Problem(document.place(where), f"register {register.id!r} is there twice; rename one", where)
            )
        seen[register.id] = index
        try:
            ModbusAddress.model_validate(register.address(profile.defaults, 1, 0))
        except ValidationError as wrong:
            error = wrong.errors(include_url=False)[0]
            told = f"register {register.id!r}: {error['msg'].removeprefix('Value error, ')}"
            raise RigError(Problem(document.place(where), told, where)) from None
    return profile


def expand_profiles(document: Document) -> None:
    """Put points and constants in the place of every ``profile`` of a rig document; they keep its place.

    Raises
    ------
    RigError
        A profile that is not there or not right, or a binding to a register it does not have.

    """
    devices = document.data.get("devices") if isinstance(document.data, dict) else None
    if not isinstance(devices, list):
        return
    for index, device in enumerate(devices):
        if isinstance(device, dict) and "profile" in device:
            _device(document, ("devices", index, "profile"), device)


def _device(document: Document, path: Path_, device: dict[str, Any]) -> None:
    said = device.pop("profile")
    listed = said if isinstance(said, list) else [said]
    try:
        uses = _USES.validate_python(listed)
    except ValidationError as wrong:
        raise RigError(*(_outside(document, path, error) for error in wrong.errors(include_url=False))) from None
    for number, use in enumerate(uses):
        here = (*path, number) if isinstance(said, list) else path
        profile = load_profile(_find(document, here, use.use))
        known = {register.id for register in profile.registers}
        for name in use.bind:
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(sorted(known)[:12])} …"
                told = f"profile {profile.profile!r} has no register {name!r}; {hint}"
                raise RigError(Problem(document.place((*here, "bind", name), key=True), told, (*here, "bind", name)))
        _lay_out(document, here, device, use, profile)


def _lay_out(document: Document, path: Path_, device: dict[str, Any], use: ProfileUse, profile: Profile) -> None:
    settings = device.setdefault("modbus", {})
    for key, value in profile.modbus.items():
        settings.setdefault(key, value)
    constants = settings.setdefault("constants", [])
    points = document.data.setdefault("points", [])
    if profile.identity:
        device["identities"] = [*device.get("identities", ()), {"unit": use.unit, **profile.identity}]
    for register in profile.registers:
        address = register.address(profile.defaults, use.unit, use.shift)
        bound = use.bind.get(register.id)
        if bound is None and _shared(register, profile, use):
            constants.extend(_rest_of_word(register, address, profile))
            continue
        if bound is None:
            own: dict[str, Any] = {"address": address, "value": _constant(register, address)}
            if register.writable and address.get("type") != "string":
                own |= {"writable": True, "range": register.range and list(register.range)}
            constants.append(own)
            continue
        document.places[("points", len(points))] = document.place((*path, "bind", register.id))
        points.append(
            _point(device, use, register, address, Binding(signal=bound) if isinstance(bound, str) else bound)
        )


def _shared(register: ProfileRegister, profile: Profile, use: ProfileUse) -> bool:
    """Whether somebody else fills an unbound register: its word for a bit, a bound bit for a word."""
    cell = (register.table, register.register_)
    others = [r for r in profile.registers if (r.table, r.register_) == cell and r is not register]
    bits_bound = any(other.bit is not None and other.id in use.bind for other in others)
    if register.bit is None:
        return bits_bound
    return not bits_bound and any(other.bit is None for other in others)


def _rest_of_word(register: ProfileRegister, address: dict[str, Any], profile: Profile) -> list[dict[str, Any]]:
    """Return the bits that stay as the profile has them, of a word some bits of which are bound."""
    if register.bit is not None or isinstance(register.value, str):
        return []
    cell = (register.table, register.register_)
    named = {other.bit for other in profile.registers if (other.table, other.register_) == cell}
    word = int(register.value)
    plain = {key: address[key] for key in ("unit", "table", "register")}
    return [
        {"address": plain | {"type": "bool", "bit": bit}, "value": 1.0}
        for bit in range(16)
        if word >> bit & 1 and bit not in named
    ]


def _constant(register: ProfileRegister, address: dict[str, Any]) -> float | str:
    if address.get("type") == "string":
        return str(register.value) if isinstance(register.value, str) else ""
    return float(register.value)


def _point(
    device: dict[str, Any], use: ProfileUse, register: ProfileRegister, address: dict[str, Any], bound: Binding
) -> dict[str, Any]:
    name = use.name or device.get("id", "")
    asset = bound.asset or str(bound.signal or bound.write or "").partition(".")[0]
    point: dict[str, Any] = {
        "id": f"{name}.{register.id}",
        "device": device.get("id"),
        "asset": asset,
        "quantity": bound.quantity or register.quantity or register.id,
        "description": register.about,
        "unit": register.unit,
        "critical": bound.critical,
        "modbus": address,
    }
    span = bound.range or register.range
    if span is not None:
        point["range"] = list(span)
    if bound.signal is not None:
        point["signal"] = bound.signal
    if bound.write is not None:
        point["write"] = bound.write
    if bound.sensor is not None:
        point["sensor"] = bound.sensor
    return point


def _find(document: Document, path: Path_, name: str) -> Path:
    shipped = SHIPPED / f"{name}.yaml"
    if "/" not in name and "\\" not in name and "." not in name and shipped.is_file():
        return shipped
    if name.endswith((".yaml", ".yml")):
        folder = Path(document.file).parent.resolve()
        target = (folder / name).resolve()
        if not target.is_relative_to(folder):
            told = f"{name!r} leads out of the rig's folder; keep the profile beside the rig"
            raise RigError(Problem(document.place((*path, "use")), told, (*path, "use")))
        return target
    near = difflib.get_close_matches(name, profiles(), 1)
    hint = (
        f"did you mean {near[0]!r}?" if near else f"there are {', '.join(profiles())}, or a .yaml file beside the rig"
    )
    raise RigError(Problem(document.place((*path, "use")), f"unknown profile {name!r}; {hint}", (*path, "use")))


def _inside(document: Document, error: Any) -> Problem:
    path = tuple(part for part in error["loc"] if not str(part).startswith("function"))
    return Problem(
        document.place(path), f"{'.'.join(map(str, path))}: {error['msg'].removeprefix('Value error, ')}", path
    )


def _outside(document: Document, path: Path_, error: Any) -> Problem:
    inner = tuple(part for part in error["loc"] if part not in ("str", "Binding"))
    listed = (*path, inner[0]) in document.places
    here = (*path, *(inner if listed else inner[1:]))
    told = error["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return Problem(document.place(here), f"{here[-1]}: {told}", here)
