"""The topology drawn from a rig file."""

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

from hil.pictures.topology import topology
from rigs.load import load_rig, shipped
from rigs.schema import Connection

SVG = "{http://www.w3.org/2000/svg}"


def boxes(picture: str) -> dict[str, tuple[float, float]]:
    root = ET.fromstring(picture.encode())
    found = {}
    for group in root.iter(f"{SVG}g"):
        rect = group.find(f"{SVG}rect[@class='box']")
        if rect is not None:
            found[group.find(f"{SVG}text[@class='name']").text] = (float(rect.get("x")), float(rect.get("y")))
    return found


@pytest.mark.parametrize("name", shipped())
def test_every_asset_of_a_shipped_rig_has_a_box_of_its_own(name):
    rig = load_rig(name)
    found = boxes(topology(rig))
    if len(rig.assets) <= 48:
        assert {re.sub("…$", "", title) for title in found} <= {a.id[: len(a.id)] for a in rig.assets} | {
            a.id[:21] for a in rig.assets
        }
        assert len(found) == len(rig.assets)
    assert len(set(found.values())) == len(found)


def test_media_run_from_left_to_right_and_every_connection_is_drawn():
    rig = load_rig("pump_skid")
    picture = topology(rig)
    found = boxes(picture)
    assert found["vfd1"][0] < found["motor1"][0] < found["pump1_de"][0] < found["pump1"][0] < found["pump1_nde"][0]
    pairs = sum(len(c.joins) - 1 for c in rig.connections)
    root = ET.fromstring(picture.encode())
    assert len([p for p in root.iter(f"{SVG}path") if p.get("class") == "edge"]) == pairs


def test_many_alike_are_drawn_as_one():
    rig = load_rig("pump_skid")
    tank = rig.asset("tank1")
    many = tuple(tank.model_copy(update={"id": f"buffer{n}"}) for n in range(200))
    found = boxes(topology(rig.model_copy(update={"assets": rig.assets + many})))
    assert "buffer… ×200" in found
    assert len(found) < 40


def test_names_cannot_inject_markup():
    rig = load_rig("pump_skid")
    picture = topology(rig.model_copy(update={"title": "<script>alert(1)</script>"}))
    assert "<script" not in picture
    ET.fromstring(picture.encode())


def test_a_circle_of_assets_still_has_an_order():
    rig = load_rig("pump_skid")
    circle = (Connection(kind="stream", joins=("tank1", "discharge1", "tank1")),)
    found = boxes(topology(rig.model_copy(update={"connections": circle})))
    assert found["tank1"][0] != found["discharge1"][0]


def test_a_long_plant_goes_on_below_and_its_lines_pass_no_box():
    picture = ET.fromstring(topology(load_rig("water_network")).encode())
    assert float(picture.get("width")) < 1250.0
    boxes = [
        tuple(float(r.get(key)) for key in ("x", "y", "width", "height"))
        for r in picture.iter(f"{SVG}rect")
        if r.get("class") == "box"
    ]
    checked = 0
    for path in picture.iter(f"{SVG}path"):
        if path.get("class") != "edge" or "C" in path.get("d"):
            continue
        corners = [tuple(map(float, c.split())) for c in path.get("d")[1:].split("L")]
        for (x0, y0), (x1, y1) in pairwise(corners):
            for x, y, w, h in boxes:
                inside_x = min(x0, x1) < x + w - 0.1 and max(x0, x1) > x + 0.1
                inside_y = min(y0, y1) < y + h - 0.1 and max(y0, y1) > y + 0.1
                assert not (inside_x and inside_y)
        checked += 1
    assert checked > 3
