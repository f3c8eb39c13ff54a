"""Files of recorded waveforms."""

import numpy as np
import pytest
from scipy.io import savemat, wavfile

from twin.dsp.recordings import RecordingError, load_recording

X = np.random.default_rng(0).integers(-2000, 2000, 500).astype(np.int16)


def test_npz_counts_are_scaled_by_their_channels_scale(tmp_path):
    file = tmp_path / "a.npz"
    np.savez(file, DE=X, scale_DE=0.5, FE=X, scale_FE=2.0, fs=12000.0, rpm_file=np.nan, rpm_nominal=1797.0)
    recording = load_recording(file)
    assert list(recording.channels) == ["DE", "FE"]
    np.testing.assert_array_equal(recording.channel("FE")[1], X * 2.0)
    np.testing.assert_array_equal(recording.channel(None)[1], X * 0.5)
    assert recording.rate_hz == 12000.0
    assert recording.speed_hz == pytest.approx(29.95)


def test_npz_with_one_array_needs_nothing_else(tmp_path):
    file = tmp_path / "a.npz"
    np.savez(file, X.astype(float))
    recording = load_recording(file)
    np.testing.assert_array_equal(recording.channel(None)[1], X)
    assert recording.rate_hz is None
    assert recording.speed_hz is None


def test_npz_with_one_scale_and_a_shaft_frequency(tmp_path):
    file = tmp_path / "a.npz"
    np.savez(file, x=X, scale=0.25, fs=48828.0, shaft_hz=25.0, load_lbs=300.0)
    recording = load_recording(file)
    np.testing.assert_array_equal(recording.channel("X")[1], X * 0.25)
    assert recording.speed_hz == 25.0


def test_a_table_of_channels_is_taken_apart_whichever_way_it_lies(tmp_path):
    for table in (np.stack([X, 2 * X]), np.stack([X, 2 * X]).T):
        np.savez(tmp_path / "a.npz", x=table)
        np.testing.assert_array_equal(load_recording(tmp_path / "a.npz").channel("x2")[1], 2 * X)


def test_mat_names_of_the_case_western_files_are_understood(tmp_path):
    file = tmp_path / "118.mat"
    savemat(file, {"X118_DE_time": X.astype(float)[:, None], "X118_FE_time": X[:, None] * 2.0, "X118RPM": 1796.0})
    recording = load_recording(file)
    assert list(recording.channels) == ["DE", "FE"]
    np.testing.assert_array_equal(recording.channel("de")[1], X)
    assert recording.speed_hz == pytest.approx(1796 / 60)


def test_mat_with_a_struct_like_the_mfpt_files(tmp_path):
    file = tmp_path / "b.mat"
    savemat(file, {"bearing": {"gs": X.astype(float)[:, None], "sr": 48828.0, "rate": 25.0, "load": 300.0}})
    recording = load_recording(file)
    np.testing.assert_array_equal(recording.channel("gs")[1], X)
    assert recording.rate_hz == 48828.0
    assert recording.speed_hz == 25.0


def test_wav_knows_its_rate_and_full_scale_is_one(tmp_path):
    file = tmp_path / "a.wav"
    wavfile.write(file, 25600, X)
    recording = load_recording(file)
    assert recording.rate_hz == 25600.0
    np.testing.assert_allclose(recording.channel("x")[1], X / 32768)


def test_csv_with_header_and_time_knows_its_rate(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("# a comment\ntime,acc\n" + "".join(f"{i / 1000},{value}\n" for i, value in enumerate(X)))
    recording = load_recording(file)
    assert list(recording.channels) == ["acc"]
    assert recording.rate_hz == pytest.approx(1000.0)
    np.testing.assert_array_equal(recording.channel(None)[1], X)


def test_csv_of_bare_numbers_and_a_missing_one(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("1.0,2\n,3\n2.5,4\n")
    np.testing.assert_array_equal(load_recording(file).channel("column1")[1], [1.0, np.nan, 2.5])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"1\n2\nx3\n", "row 3: 'x3' is not a number"),
        ("a.csv", b"a,b\n1,2\n1\n", "row 3 has 1 values, the first row has 2"),
        ("a.csv", b"", "is empty"),
        ("a.npz", b"not a zip", "not a readable npz file"),
        ("a.mat", b"not a mat file", "not a"),
        ("a.wav", b"not a wav", "not a readable wav file"),
        ("a.xls", b"", "give npz, mat, wav or csv"),
    ],
)
def test_a_damaged_or_strange_file_is_named_with_what_is_wrong(tmp_path, name, content, message):
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(RecordingError, match=message) as problem:
        load_recording(file)
    assert str(file) in str(problem.value)


def test_a_missing_file_is_missing(tmp_path):
    with pytest.raises(RecordingError, match="no such file"):
        load_recording(tmp_path / "nothing.npz")


def test_a_file_without_waveforms_says_so(tmp_path):
    np.savez(tmp_path / "a.npz", fs=12000.0)
    with pytest.raises(RecordingError, match="no waveform"):
        load_recording(tmp_path / "a.npz")


def test_an_unknown_channel_is_answered_with_those_there_are(tmp_path):
    np.savez(tmp_path / "a.npz", DE=X, FE=X)
    with pytest.raises(RecordingError, match="no channel 'BA'; the file has DE, FE"):
        load_recording(tmp_path / "a.npz").channel("BA")


def test_pickles_are_never_opened(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.array([{"a": 1}], dtype=object))
    with pytest.raises(RecordingError, match="not a readable npz file"):
        load_recording(tmp_path / "a.npz")


def test_counts_of_a_table_are_scaled_by_the_scale_of_the_table_or_of_the_column(tmp_path):
    table = np.stack([X, 2 * X], axis=1)
    np.savez(tmp_path / "a.npz", x=table, scale=0.001)
    np.testing.assert_array_equal(load_recording(tmp_path / "a.npz").channel("x2")[1], 2 * X * 0.001)
    np.savez(tmp_path / "b.npz", x=table, scale_x=0.5, scale_x2=3.0)
    recording = load_recording(tmp_path / "b.npz")
    np.testing.assert_array_equal(recording.channel("x1")[1], X * 0.5)
    np.testing.assert_array_equal(recording.channel("x2")[1], 2 * X * 3.0)


def test_channels_are_picked_in_the_order_named_and_a_tables_name_stands_for_its_columns(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.stack([X, 2 * X], axis=1), DE=X)
    recording = load_recording(tmp_path / "a.npz")
    assert list(recording.pick(["de", "x2"])) == ["DE", "x2"]
    assert list(recording.pick(["x"])) == ["x1", "x2"]
    assert len(recording.pick([])) == 1
    with pytest.raises(RecordingError, match="'x1' is named twice"):
        recording.pick(["x1", "x"])
    with pytest.raises(RecordingError, match="no channel 'y'"):
        recording.pick(["y"])


def test_a_channel_copied_up_to_a_factor_is_told(tmp_path):
    other = np.random.default_rng(1).integers(-2000, 2000, X.size)
    copy = np.round(X.astype(float) * 66 / 65)
    np.savez(tmp_path / "a.npz", DE=X, BA=other, FE=copy, dead=np.zeros(X.size), short=X[:100])
    assert load_recording(tmp_path / "a.npz").duplicates() == (("DE", "FE"),)


def test_a_time_axis_in_an_npz_gives_the_rate_and_is_no_channel(tmp_path):
    np.savez(tmp_path / "a.npz", t=np.arange(X.size) / 2000.0, x=X)
    recording = load_recording(tmp_path / "a.npz")
    assert list(recording.channels) == ["x"]
    assert recording.rate_hz == pytest.approx(2000.0)


def test_an_array_of_many_records_is_refused_with_the_way_out(tmp_path):
    np.savez(tmp_path / "a.npz", i_abc=np.zeros((4, 100, 3)))
    with pytest.raises(RecordingError, match=r"i_abc \[4, 100, 3\] has more than two dimensions; save one record"):
        load_recording(tmp_path / "a.npz")
