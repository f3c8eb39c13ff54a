import json

import pytest

from rigs.load import load_rig
from twin.endpoints import EndpointError, load_endpoints

LINES = [
    {"event": "endpoint", "device": "plc1", "protocol": "opcua", "url": "opc.tcp://127.0.0.1:1/"},
    {"event": "endpoint", "device": "control", "protocol": "http", "url": "http://127.0.0.1:2"},
    {"event": "ready"},
]
WANTED = {"plc1": "opc.tcp://127.0.0.1:1/"}


@pytest.fixture(scope="module")
def rig():
    return load_rig("pump_skid")


@pytest.mark.parametrize(
    "text",
    ["".join(json.dumps(line) + "\n" for line in LINES), json.dumps(LINES), json.dumps(WANTED)],
    ids=["lines", "list", "map"],
)
def test_endpoints_are_read_in_every_form_serve_and_people_write(tmp_path, rig, text):
    path = tmp_path / "endpoints.json"
    path.write_text(text)
    assert load_endpoints(path, rig) == WANTED


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{}", "names no device of rig pump_skid"),
        ('{"event":"endpoint","device":"plc1"}', ":1: an endpoint needs a 'device' and a 'url'"),
        ('{"event":"ready"}\nnonsense', ":2: is not JSON"),
        ("[1]", "each entry must be a map"),
    ],
)
def test_a_broken_file_is_refused_with_its_line(tmp_path, rig, text, words):
    path = tmp_path / "endpoints.json"
    path.write_text(text)
    with pytest.raises(EndpointError, match=words):
        load_endpoints(path, rig)


def test_what_is_no_file_is_refused(tmp_path, rig):
    with pytest.raises(EndpointError, match="is no file; pass what"):
        load_endpoints(tmp_path, rig)
