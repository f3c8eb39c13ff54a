import pytest


@pytest.fixture(scope="session")
def zoo(tmp_path_factory):
    """Path of the FMU that misbehaves on request."""
    pytest.importorskip("fmpy", reason="needs the extra fmi")
    from tests.emulator.fmus import build_zoo

    return build_zoo(tmp_path_factory.mktemp("zoo"))
