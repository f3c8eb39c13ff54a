"""Small folders laid out like the recorded data sets."""

import numpy as np
import pytest

from tests.oracles.bearing_signals import machine_noise, spall

GEOMETRY = {"6205": (9, 0.3126, 1.537), "6203": (8, 0.2656, 1.122), "MFPT": (8, 0.235, 1.245)}


def record(fault, bearing, speed_hz, rate_hz, seconds=3.0, seed=1):
    """Give a record of a fault (None: healthy), far above the machine's noise."""
    rng = np.random.default_rng(seed)
    noise = machine_noise(speed_hz, rate_hz, int(seconds * rate_hz), rng)
    if fault is None:
        return noise
    x = spall(fault, GEOMETRY[bearing], speed_hz, rate_hz, seconds, rng=rng)
    return x / x.std() + noise


def counts(x):
    """Quantise to int16: (counts, scale)."""
    scale = float(np.abs(x).max()) / 30000
    return np.round(x / scale).astype(np.int16), scale


@pytest.fixture(scope="session")
def cwru_folder(tmp_path_factory):
    """Four records: outer and inner race at the drive end, a normal one, one with a wrong speed and a copied channel."""
    folder = tmp_path_factory.mktemp("data") / "cwru"
    folder.mkdir()
    healthy = record(None, "6205", 29.95, 12000.0, seed=7)
    rows = [
        ("12k_DE_OR007at6_load0_130", "bearing_outer_race", "6205", "DE", 1797.0, "Y1"),
        ("12k_DE_IR007_load2_107", "bearing_inner_race", "6205", "DE", np.nan, "Y2"),
        ("12k_FE_IR007_load1_279", "bearing_inner_race", "6203", "FE", 1732.0, ""),
        ("48k_normal_load0_97a", None, "6205", "", 1797.0, ""),
    ]
    nominal = {"0": 1797.0, "1": 1772.0, "2": 1750.0}
    lines = ["file,record,fs,fault_end,fault,size_mil,clock,load_hp,rpm_file,rpm_nominal,n,channels,sr2015_de,note"]
    for name, fault, bearing, end, stored, grade in rows:
        load = name.split("load")[1][0]
        x = record(fault, bearing, nominal[load] / 60, 12000.0)
        hurt, scale = counts(x)
        other, other_scale = counts(healthy[: hurt.size])
        ends = {"DE": (hurt, scale), "FE": (other, other_scale)}
        if end == "FE":
            ends = {"DE": (hurt, 2 * scale), "FE": (hurt, scale)}  # one channel twice
        np.savez(
            folder / f"{name}.npz",
            DE=ends["DE"][0], scale_DE=ends["DE"][1], FE=ends["FE"][0], scale_FE=ends["FE"][1],
            fs=12000.0, rpm_file=stored, rpm_nominal=nominal[load],
        )  # fmt: skip
        kind = "normal" if fault is None else name.split("_")[2][:2]
        lines.append(
            f"{name}.npz,{name.split('_')[-1].rstrip('a')},12000,{end},{kind},7,{'6' if 'at6' in name else ''},"
            f"{load},{stored},{nominal[load]},{hurt.size},DE+FE,{grade},"
        )
    (folder / "index.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def femto_folder(tmp_path_factory):
    """Two lives of 400 readings; the second is disturbed for a while before its end comes."""
    folder = tmp_path_factory.mktemp("data") / "femto"
    folder.mkdir()
    content = {"names": np.array(["rms_h", "kurt_h", "peak_h", "rms_h_0_1k6"])}
    at = np.arange(400)
    for seed, name in enumerate(("Bearing1_1", "Bearing1_2")):
        rng = np.random.default_rng(seed)
        rise = np.where(at >= 350, 8.0, 0.0) + (np.where((at > 180) & (at < 230), 6.0, 0.0) if seed else 0.0)
        table = 10 ** ((rise[:, None] * np.array([1, 0.2, 1, 1]) + 0.4 * rng.standard_normal((400, 4))) / 20)
        content[name] = (table * np.array([0.3, 3.0, 1.2, 0.1])).astype(np.float32)
        content[f"{name}_t"] = (10.0 * at).astype(np.float32)
    np.savez(folder / "features_10s.npz", **content)
    return folder


@pytest.fixture(scope="session")
def ims_folder(tmp_path_factory):
    """A set whose bearing 1 fails and shakes its neighbour at last, a healthy snapshot and one at rest."""
    folder = tmp_path_factory.mktemp("data") / "ims"
    folder.mkdir()
    rng = np.random.default_rng(3)
    at = np.arange(500)
    names, columns = [], []
    for bearing, rise in ((1, np.where(at >= 300, 6.0, 0.0)), (2, np.where(at >= 450, 4.0, 0.0))):
        level = 0.08 * 10 ** ((rise + 0.15 * rng.standard_normal(500)) / 20)
        level[-2:] = 0.001  # stopped
        names += [f"B{bearing}_{feature}" for feature in ("mean", "std", "kurtosis", "max")]
        columns += [np.full(500, 0.05), level, 0.4 + 0.1 * rng.standard_normal(500), 0.05 + 5 * level]
    time = np.datetime64("2004-02-12T10:32:39") + 600 * at.astype("timedelta64[s]")
    np.savez(
        folder / "set2_features.npz",
        time=np.char.replace(time.astype(str), "T", " "), names=np.array(names), values=np.stack(columns, axis=1),
    )  # fmt: skip
    quiet = np.stack([machine_noise(2000 / 60, 20480.0, 20480, rng) for _ in range(2)], axis=1)
    np.savez(
        folder / "2004.02.12.10.32.39.npz",
        x=np.round(80 * quiet / quiet.std()).astype(np.int16), scale=0.001, fs=20480.0, rpm=2000.0,
    )  # fmt: skip
    np.savez(
        folder / "2004.02.19.06.22.39.npz",
        x=rng.integers(-2, 3, (20480, 2)).astype(np.int16), scale=0.001, fs=20480.0, rpm=2000.0,
    )  # fmt: skip
    return folder
