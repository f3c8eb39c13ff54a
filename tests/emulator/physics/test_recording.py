import math
import wave

import numpy as np
import pytest

from emulator.physics.recording import Recording, RecordingError, RecordingParameters, read_waveform
from emulator.plant import Plant
from rigs.schema import Rig

GRAVITY = 9.80665


@pytest.fixture
def record(tmp_path):
    path = tmp_path / "record.npz"
    counts = np.arange(-500, 500, dtype=np.int16)
    np.savez(path, DE=counts, scale_DE=0.001, FE=counts[::2], scale_FE=0.01, fs=1000.0, rpm=1797.0)
    return path


def test_an_npz_channel_is_scaled_by_its_own_factor(record):
    found = read_waveform(record, "FE")
    assert found.rate_hz == 1000.0
    assert found.samples[0] == -500 * 0.01
    assert found.samples.size == 500


def test_a_recording_loops(record):
    played = Recording(RecordingParameters(str(record), "DE"))
    assert np.array_equal(played.waveform(990, 20, 1000.0)[:10], played.content.samples[990:])
    assert np.array_equal(played.waveform(990, 20, 1000.0)[10:], played.content.samples[:10])
    assert not played.ended(999)
    assert played.ended(1000)


def test_a_recording_holds_its_last_value(record):
    played = Recording(RecordingParameters(str(record), "DE", at_end="hold"))
    assert np.all(played.waveform(1000, 5, 1000.0) == pytest.approx(0.499 * GRAVITY))


def test_a_clock_error_is_taken_but_another_rate_is_not(record):
    played = Recording(RecordingParameters(str(record), "DE"))
    assert played.waveform(0, 3, 1000.02).size == 3
    with pytest.raises(RecordingError, match="played at its own rate"):
        played.waveform(0, 3, 2000.0)


def test_relative_paths_start_at_the_data_folder(record, monkeypatch):
    monkeypatch.setenv("PLANTBENCH_DATA", str(record.parent))
    assert Recording(RecordingParameters("record.npz", "DE")).rate_hz == 1000.0
    monkeypatch.delenv("PLANTBENCH_DATA")
    with pytest.raises(RecordingError, match="PLANTBENCH_DATA is not set"):
        Recording(RecordingParameters("record.npz", "DE"))


def test_csv_with_a_time_column_knows_its_rate(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("time,acc\n" + "".join(f"{n / 500},{n}\n" for n in range(100)))
    found = read_waveform(path)
    assert found.rate_hz == pytest.approx(500.0)
    assert found.channel == "acc"
    assert found.samples[7] == 7.0


def test_mat_and_wav_are_read(tmp_path):
    from scipy.io import savemat

    savemat(tmp_path / "a.mat", {"bearing": {"sr": 97656.0, "gs": np.arange(20.0)}})
    found = read_waveform(tmp_path / "a.mat")
    assert (found.channel, found.rate_hz, found.samples.size) == ("bearing.gs", 97656.0, 20)
    with wave.open(str(tmp_path / "a.wav"), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(np.array([0, 16384, -32768], np.int16).tobytes())
    found = read_waveform(tmp_path / "a.wav")
    assert found.rate_hz == 8000.0
    assert list(found.samples) == [0.0, 0.5, -1.0]


def write(folder, **arrays):
    np.savez(folder / "x.npz", **arrays)
    return folder / "x.npz"


@pytest.mark.parametrize(
    ("arrays", "channel", "message"),
    [
        ({"x": np.zeros(0), "fs": 10.0}, None, "channel 'x' is empty"),
        (
            {"x": np.array([0.0, math.nan, 1.0]), "fs": 10.0},
            None,
            "1 values that are no finite numbers, the first at sample 1",
        ),
        ({"acc": np.ones(5), "fs": 10.0}, "ac", r"no channel 'ac'; did you mean 'acc'\?"),
        ({"a": np.ones(5), "b": np.ones(5), "fs": 10.0}, None, "several channels; name one of a, b"),
        ({"x": np.ones(5)}, None, "does not say its rate"),
        ({"fs": 10.0}, None, "holds no channel"),
    ],
)
def test_trouble_with_a_recording_is_named(tmp_path, arrays, channel, message):
    with pytest.raises(RecordingError, match=message):
        read_waveform(write(tmp_path, **arrays), channel)


def test_files_that_are_none_are_refused(tmp_path):
    with pytest.raises(RecordingError, match="no such recording"):
        Recording(RecordingParameters(str(tmp_path / "none.npz")))
    for name in ("a.npz", "a.mat", "a.wav"):
        (tmp_path / name).write_bytes(b"not a recording")
        with pytest.raises(RecordingError, match="cannot be read"):
            read_waveform(tmp_path / name)
    (tmp_path / "a.csv").write_text("")
    with pytest.raises(RecordingError, match="is empty"):
        read_waveform(tmp_path / "a.csv")
    (tmp_path / "a.xyz").write_text("")
    with pytest.raises(RecordingError, match=r"unknown kind '\.xyz'"):
        read_waveform(tmp_path / "a.xyz")


def recorded_rig(path):
    return Rig.model_validate({
        "rig": "recorded",
        "assets": [{"id": "machine1", "kind": "recording"}],
        "plant": {"recordings": {"machine1": {"file": str(path), "channel": "DE", "speed": "1797 rpm"}}},
        "devices": [{"id": "plc1", "protocol": "opcua"}],
        "points": [{
            "id": "machine1.vibration", "device": "plc1", "asset": "machine1", "quantity": "vibration",
            "signal": "machine1.acceleration_m_s2", "waveform": {}, "opcua": {"node": "Machine1/Vibration"},
        }],
    })  # fmt: skip


def test_a_plant_of_a_recording_alone_works(record):
    plant = Plant(recorded_rig(record), seed=1)
    played = []
    for _ in range(15):
        plant.step()
        n0, count = plant.sample_range(plant.rate_hz("machine1.acceleration_m_s2"))
        played.append(plant.waveform("machine1.acceleration_m_s2", n0, count, 1000.0))
    whole = np.concatenate(played)
    assert whole.size == 1500
    assert np.array_equal(whole[:1000], np.arange(-500, 500) * 0.001 * GRAVITY)
    assert plant.signals["machine1.speed_rad_s"] == pytest.approx(1797 * math.pi / 30)
    assert plant.signals["machine1.ended"] == 1.0
    plant.restore(plant.save())


@pytest.mark.data
def test_a_published_record_is_played_in_its_unit(recorded_data, monkeypatch):
    monkeypatch.setenv("PLANTBENCH_DATA", str(recorded_data))
    played = Recording(RecordingParameters("cwru/12k_DE_B007_load0_118.npz", "DE"))
    assert played.rate_hz == 12000.0
    assert 0.1 < played.content.samples.std() / GRAVITY < 0.3
