import importlib.util
import os

import pytest

# Without the extra fmi only what needs no FMU is tested; where nothing may be skipped, the imports say what is missing.
if importlib.util.find_spec("fmpy") is None and not os.environ.get("PLANTBENCH_REQUIRE_FOREIGN"):
    collect_ignore = ["test_round_trip.py", "test_zoo.py"]


@pytest.fixture(scope="session")
def zoo(tmp_path_factory):
    """Path of the FMU that misbehaves on request."""
    from tests.emulator.fmus import build_zoo

    return build_zoo(tmp_path_factory.mktemp("zoo"))
