"""FMUs that behave, and those that do not; rigs that name them."""

import subprocess
import sys
from pathlib import Path

from rigs.load import load_rig

# An integrator that misbehaves on request: `mode` says how, from 50 ms on.
ZOO = """
import os, time, ctypes
from pythonfmu import Fmi2Slave, Fmi2Causality, Fmi2Variability, Real, Integer

class Zoo(Fmi2Slave):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.u, self.y, self.gain, self.mode = 1.0, 0.0, 1.0, 0
        self.register_variable(Real("u", causality=Fmi2Causality.input, variability=Fmi2Variability.continuous))
        self.register_variable(Real("y", causality=Fmi2Causality.output, variability=Fmi2Variability.continuous))
        self.register_variable(Real("gain", causality=Fmi2Causality.parameter, variability=Fmi2Variability.fixed))
        self.register_variable(Integer("mode", causality=Fmi2Causality.parameter, variability=Fmi2Variability.fixed))

    def exit_initialization_mode(self):
        if self.mode >= 10:
            self.misbehave(self.mode - 10)

    def misbehave(self, mode):
        print("on standard output, where the protocol must not be", flush=True)
        if mode == 1: os.abort()
        if mode == 2: ctypes.string_at(0)
        if mode == 3:
            while True: pass
        if mode == 4: self.y = float("nan")
        if mode == 5: raise RuntimeError("out of oil")
        if mode == 6: os._exit(0)
        if mode == 7: self.y = float("inf")

    def do_step(self, t, dt):
        self.y += self.gain * self.u * dt
        if 0 < self.mode < 10 and t > 0.045:
            self.misbehave(self.mode)
        return True
"""


def build_zoo(folder: Path) -> Path:
    script = folder / "zoo.py"
    script.write_text(ZOO, encoding="utf-8")
    command = [sys.executable, "-m", "pythonfmu", "build", "-f", str(script), "-d", str(folder), "--handle-state"]
    subprocess.run(command, check=True, capture_output=True, cwd=folder)
    return folder / "Zoo.fmu"


FACE = """
devices: [{id: plc1, protocol: opcua}]
points:
  - {id: plc1.time, device: plc1, asset: plc1, quantity: time, signal: device.uptime_s, opcua: {node: Time}}
"""


def rig_in(folder: Path, text: str, name: str = "rig.yaml"):
    path = folder / name
    path.write_text("rig: small\nclock: {block: 50 ms}\n" + text + FACE, encoding="utf-8")
    return load_rig(path)
