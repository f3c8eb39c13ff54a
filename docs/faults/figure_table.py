"""What the picture of each fault shows: machine, target, severity, signals and times."""

from __future__ import annotations

from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Figure:
    """One picture: a rig run twice, without and with the fault.

    `onset_s` is plant time, the picture begins at `settle_s`. `block_ms` overrides the rig's own block where signals
    are too fast for it; `actions` and `initial` are commands given in both runs. The rest is as in a `Request`.
    """

    rig: str
    on: str
    signals: tuple[str, ...]
    severity: float = 1.0
    params: dict[str, float | bool | str] = field(default_factory=dict)
    settle_s: float = 2.0
    span_s: float = 4.0
    onset_s: float = 0.0
    rate_hz: float = 25_600.0
    actions: tuple[tuple[float, str, float], ...] = ()
    initial: dict[str, float] = field(default_factory=dict)
    panels: tuple[str, ...] = ("time", "spectrum", "envelope")
    reach_hz: tuple[float, float] | None = None
    window_s: float | None = None
    lines: dict[str, float] = field(default_factory=dict)
    block_ms: int = 0


def _course(
    rig: str, on: str, *signals: str, settle: float = 5, onset: float = 20, span: float = 70, **more: object
) -> Figure:
    """Process values over time, before and after the onset."""
    return Figure(rig, on, signals, settle_s=settle, onset_s=onset, span_s=span, **more)  # type: ignore[arg-type]


def _bearing(severity: float = 0.8, **more: object) -> Figure:
    return Figure("pump_skid", "pump1_de", ("pump1_de.acceleration_m_s2",), severity, **more)  # type: ignore[arg-type]


def _rotor(*signals: str, severity: float = 1.0, reach: tuple[float, float] = (0.0, 300.0), **more: object) -> Figure:
    """Lines at low multiples of a pump rotor's speed, heard slowly but finely."""
    names = signals or ("pump1_de.acceleration_m_s2",)
    base = Figure("pump_skid", "pump1", names, severity, span_s=12.0, rate_hz=2_560.0, panels=("time", "spectrum"))
    return replace(base, reach_hz=reach, **more)  # type: ignore[arg-type]


def _gear(*signals: str, **more: object) -> Figure:
    return Figure("gearbox_stand", "gearbox1", signals or ("gearbox1.radial_h_m_s2",), **more)  # type: ignore[arg-type]


def _fan(**more: object) -> Figure:
    base = Figure("fan_stand", "fan1", ("fan1.acceleration_m_s2",), span_s=12.0, rate_hz=2_560.0)
    return replace(base, **({"panels": ("time", "spectrum"), "reach_hz": (0.0, 80.0)} | more))  # type: ignore[arg-type]


def _cut(*signals: str, **more: object) -> Figure:
    base = Figure("machining_cell", "spindle1", signals or ("spindle1.acceleration_x_m_s2",), rate_hz=12_800.0)
    return replace(base, **({"panels": ("time", "spectrum"), "reach_hz": (0.0, 2000.0)} | more))  # type: ignore[arg-type]


def _capper(*signals: str, **more: object) -> Figure:
    more = {"params": {"station": "capper"}, "settle": 10, "onset": 40, "span": 200} | more
    return _course("bottling_line", "line1", *signals, **more)  # type: ignore[arg-type]


MAINS = {"settle_s": 2.0, "span_s": 2.0, "rate_hz": 5_120.0, "panels": ("time",), "window_s": 0.06}
PIPES = {"settle": 5, "onset": 15, "span": 45}
PRESS = {"settle": 5, "onset": 22, "span": 40, "block_ms": 20}
AUTO = "pid1.setpoint_m3_s"
PISTON = (
    "piston1.suction_cap_1_temperature_k",
    "piston1.discharge_cap_1_temperature_k",
    "piston1.crankcase_temperature_k",
    "piston1.flow_kg_s",
)
STEPS = ((40.0, AUTO, 0.0185), (70.0, AUTO, 0.0215), (100.0, AUTO, 0.0195))

FIGURES: dict[str, Figure] = {
    # --- rolling bearings -----------------------------------------------------------------------------------
    "bearing_outer_race": _bearing(),
    "bearing_inner_race": _bearing(),
    "bearing_ball": _bearing(),
    "bearing_cage": _bearing(),
    "bearing_brinelling": _bearing(),
    "bearing_fluting": _bearing(),
    "bearing_lubrication": Figure(
        "pump_skid", "pump1_de", ("pump1_de.acceleration_m_s2", "pump1_de.friction_w", "pump1_de.temperature_k"),
        panels=("time", "spectrum"),
    ),
    "bearing_overload": _course("pump_skid", "pump1_de", "pump1_de.radial_load_n", "pump1_de.friction_w",
                                "pump1_de.temperature_k", span=400),
    "bearing_creep": _rotor(on="pump1_de", reach=(0.0, 120.0)),
    # --- rotors ---------------------------------------------------------------------------------------------
    "imbalance": _rotor(reach=(0.0, 120.0), severity=0.8),
    "misalignment": _rotor("pump1_de.acceleration_m_s2", "pump1_de.acceleration_axial_m_s2", reach=(0.0, 120.0)),
    "bent_shaft": _rotor(reach=(0.0, 120.0)),
    "looseness": _rotor(),
    "rub": _rotor("pump1_de.acceleration_m_s2", "motor1.torque_nm"),
    "soft_foot": _rotor("pump1_de.acceleration_v_m_s2", reach=(90.0, 110.0), span_s=40.0, window_s=0.1),
    "support_resonance": _rotor(reach=(0.0, 120.0)),
    # --- pumps ----------------------------------------------------------------------------------------------
    "impeller_wear": _course("pump_skid", "pump1", "pump1.head_m", "pump1.flow_m3_s", "pump1.shaft_power_w",
                             "valve1.position"),
    "suction_clogging": Figure(
        "pump_skid", "pump1", ("pump1_de.acceleration_m_s2", "pump1.suction_pressure_pa", "pump1.head_m"),
        settle_s=10.0,
        panels=("time", "spectrum"),
    ),
    "pump_air_ingress": _course("pump_skid", "pump1", "pump1.flow_m3_s", "pump1.head_m", "pump1.shaft_power_w",
        span=60),
    "pump_hot_liquid": _course("pump_skid", "pump1", "pump1.fluid_temperature_k", "pump1.npsh_available_m",
                               "pump1.casing_temperature_k", "pump1.shaft_power_w"),
    "pump_recirculation": _course("pump_skid", "pump1", "pump1.flow_m3_s", "pump1.head_m", "pump1.random_force_n",
                                  "pump1.casing_temperature_k"),
    "pump_reversed": _course("pump_skid", "pump1", "pump1.flow_m3_s", "pump1.head_m", "pump1.shaft_power_w"),
    "pump_seal_leak": _course("pump_skid", "pump1", "tank1.level_m", "pump1.seal_pot_level_m", "pump1.flow_m3_s",
        span=180),
    # --- motors and their supply ----------------------------------------------------------------------------
    "motor_broken_bars": Figure("pump_skid", "motor1", ("motor1.current_a_a",), params={"bars": 2.0}, span_s=40.0,
                                settle_s=10.0, rate_hz=1_024.0, panels=("spectrum",), reach_hz=(44.0, 56.0)),
    "motor_eccentricity": Figure("pump_skid", "motor1", ("motor1.current_a_a",), span_s=16.0, rate_hz=2_560.0,
                                 panels=("spectrum",), reach_hz=(0.0, 1000.0)),
    "motor_shorted_turns": Figure("pump_skid", "motor1", ("motor1.current_a_a", "motor1.current_b_a",
        "motor1.current_c_a",
                                                          "motor1.loop_current_a"), **MAINS),
    "motor_blocked_rotor": _course("water_network", "motor1", "motor1.speed_rad_s", "motor1.current_a",
                                   "motor1.winding_temperature_k", span=60, onset=20),
    "motor_fan_blocked": _course("pump_skid", "motor1", "motor1.winding_temperature_k", "motor1.frame_temperature_k",
                                 "motor1.current_a", span=240, onset=40),
    "supply_phase_loss": Figure("water_network", "motor1", ("motor1.current_a_a", "motor1.current_b_a",
        "motor1.current_c_a",
                                                            "motor1.speed_rad_s"), **MAINS),
    "supply_unbalance": Figure("water_network", "motor1", ("motor1.current_a_a", "motor1.current_b_a",
                                                           "motor1.current_c_a"), **MAINS),
    "supply_sag": _course("pump_skid", "vfd1", "vfd1.dc_link_v", "motor1.speed_rad_s", "motor1.current_a", span=60,
                          severity=0.5),
    "vfd_capacitor_ageing": Figure("pump_skid", "vfd1", ("motor1.current_a_a", "vfd1.dc_ripple_v"), span_s=8.0,
                                   rate_hz=2_560.0, panels=("time", "spectrum"), reach_hz=(0.0, 500.0)),
    "vfd_igbt_open": Figure("pump_skid", "vfd1", ("motor1.current_a_a", "motor1.current_b_a", "motor1.torque_nm"),
        **MAINS),
    # --- valves and loops -----------------------------------------------------------------------------------
    "valve_stiction": _course("pump_skid", "valve1", "pid1.output", "valve1.position", "pump1.flow_m3_s", span=125,
                              actions=STEPS),
    "valve_dead_band": _course("pump_skid", "valve1", "pid1.output", "valve1.position", "pump1.flow_m3_s", span=125,
                               actions=STEPS),
    "valve_low_air": _course("pump_skid", "valve1", "pid1.output", "valve1.position", "pump1.flow_m3_s", span=125,
                             actions=STEPS),
    "valve_positioner_offset": _course("pump_skid", "valve1", "pid1.output", "valve1.position", "pump1.flow_m3_s"),
    "valve_trim_erosion": _course("pump_skid", "valve1", "pid1.output", "valve1.position", "pump1.flow_m3_s"),
    "pid_tuning": _course("pump_skid", "pid1", "pid1.output", "valve1.position", "pump1.flow_m3_s", span=125,
                          actions=STEPS),
    # --- pipes, tanks ---------------------------------------------------------------------------------------
    "pipe_leak": _course("water_network", "node5", "ring4.flow_m3_s", "ring5.flow_m3_s", "node5.pressure_pa", **PIPES),
    "pipe_blockage": _course("water_network", "ring1", "ring1.flow_m3_s", "ring6.flow_m3_s", "node1.pressure_pa",
                             "node2.pressure_pa", **PIPES),
    "pipe_air_pocket": _course("water_network", "fall1", "fall1.flow_m3_s", "node3.pressure_pa", settle=5, onset=5,
                               span=60,
                               actions=((30.0, "motor2.run", 0.0),)),
    "pipe_upstream_disturbance": _course("pump_skid", "discharge1", "pump1.flow_m3_s", "pump1.discharge_pressure_pa",
                                         "pid1.output", span=125),
    "check_valve_stuck_open": _course("water_network", "check1", "check1.flow_m3_s", "pump1.speed_rad_s",
        "ring1.flow_m3_s",
                                      settle=5, onset=5, span=60, actions=((20.0, "motor1.run", 0.0),)),
    "tank_foam": _course("water_network", "tank1", "tank1.hydrostatic_level_m", "tank1.radar_level_m", **PIPES),
    "tank_level_tap_plugged": _course("water_network", "tank2", "tank2.hydrostatic_level_m", "tank2.radar_level_m",
        settle=5, onset=15, span=50),
    # --- gearbox --------------------------------------------------------------------------------------------
    "gear_tooth_crack": _gear(),
    "gear_pitting": _gear(),
    "gear_lost_tooth": _gear(),
    "gear_wear": _gear(panels=("time", "spectrum"), reach_hz=(0.0, 4000.0)),
    "gear_eccentricity": _gear(panels=("time", "spectrum"), reach_hz=(350.0, 800.0), span_s=8.0),
    "gear_misalignment": _gear("gearbox1.radial_h_m_s2", "gearbox1.axial_m_s2", panels=("spectrum",), reach_hz=(0.0,
        3000.0)),
    "gear_backlash": _gear("gearbox1.radial_h_m_s2", "gearbox1.mesh_force_n", initial={"brake1.wanted_nm": 3.0},
        settle_s=8.0,
                           panels=("time", "spectrum")),
    "gear_low_oil": _course("gearbox_stand", "gearbox1", "gearbox1.oil_temperature_k", "gearbox1.oil_pressure_pa",
                            "gearbox1.loss_w", "gearbox1.particles_4um_ml", span=150, onset=30),
    # --- fan ------------------------------------------------------------------------------------------------
    "fan_blade_deposit": _fan(),
    "fan_blade_crack": _fan(reach_hz=(0.0, 260.0)),
    "fan_support_resonance": _fan(),
    "fan_stall": _fan(signals=("fan1.acceleration_m_s2", "fan1.flow_m3_s", "fan1.pressure_pa"), severity=0.6,
        settle_s=10.0),
    "fan_belt_damage": _fan(),
    "fan_belt_slip": _course("fan_stand", "fan1", "fan1.speed_rad_s", "motor1.speed_rad_s", "fan1.flow_m3_s",
                             "fan1.belt_temperature_k"),
    "fan_filter_clog": _course("fan_stand", "fan1", "fan1.filter_pressure_pa", "fan1.flow_m3_s", "fan1.shaft_power_w",
                               severity=0.7),
    "fan_damper_stuck": _course("fan_stand", "fan1", "fan1.damper_command", "fan1.damper_position", "fan1.flow_m3_s",
                                actions=((50.0, "fan1.damper", 0.6),)),
    # --- machine tool ---------------------------------------------------------------------------------------
    "spindle_chatter": _cut(window_s=0.1),
    "spindle_drawbar_loss": _cut(window_s=0.1),
    "tool_breakage": _cut("spindle1.tangential_force_n", window_s=0.05),
    "tool_unbalance": _cut("spindle1.acceleration_x_m_s2", window_s=0.1, reach_hz=(0.0, 500.0)),
    "tool_flank_wear": _course("machining_cell", "spindle1", "spindle1.cutting_force_n", "spindle1.current",
                               "spindle1.tool_wear", settle=2, onset=10, span=30),
    "spindle_backlash": _course("machining_cell", "spindle1", "spindle1.reversal_error_m", "spindle1.following_error_m",
                                "spindle1.axis_position_m", settle=2, onset=10, span=30),
    "spindle_coolant_loss": _course("machining_cell", "spindle1", "spindle1.tool_wear",
        "spindle1.bearing_temperature_k",
                                    "spindle1.growth_m", span=240, onset=40),
    # --- compressed air -------------------------------------------------------------------------------------
    "air_leak": _course("compressor_station", "receiver1", "receiver1.gauge_pressure_pa", "receiver1.leak_kg_s",
                        "screw1.loaded", "screw2.flow_m3_s", settle=5, onset=15, span=50),
    "compressor_inlet_filter": _course("compressor_station", "screw2", "screw2.inlet_pressure_pa", "screw2.flow_m3_s",
                                       "screw2.speed_rad_s", "screw2.specific_power_j_m3", settle=5, onset=10, span=40),
    "compressor_oil_cooler_fouling": _course("compressor_station", "screw2", "screw2.oil_temperature_k",
                                             "screw2.discharge_temperature_k", "screw2.tripped",
                                             settle=5, onset=15, span=75),
    "compressor_unloader_stuck": _course("compressor_station", "screw1", "receiver1.gauge_pressure_pa",
        "screw1.opening",
                                         "screw1.shaft_power_w", settle=5, onset=15, span=50),
    "compressor_suction_valve_leak": _course("compressor_station", "piston1", *PISTON, settle=5, onset=15, span=60),
    "compressor_discharge_valve_leak": _course("compressor_station", "piston1", *PISTON, settle=5, onset=15, span=60),
    "compressor_ring_leak": _course("compressor_station", "piston1", *PISTON, settle=5, onset=15, span=60),
    "compressor_rod_knock": Figure("compressor_station", "piston1", ("piston1.acceleration_m_s2",
        "piston1.rod_1_position_m"),
                                   settle_s=5.0, panels=("time",), severity=0.5),
    "compressor_anti_surge_valve": _course("compressor_station", "blower1", "blower1.flow_m3_s",
                                           "blower1.discharge_pressure_pa", "blower1.anti_surge_opening", settle=8,
                                           onset=0,
                                           span=8, block_ms=10, actions=((10.0, "blower1.throttle", 0.5),)),
    # --- heat exchanger -------------------------------------------------------------------------------------
    "exchanger_fouling": _course("exchanger_loop", "exchanger1", "exchanger1.hot_outlet_temperature_k",
                                 "exchanger1.cold_outlet_temperature_k", "exchanger1.hot_pressure_drop_pa",
                                 "exchanger1.conductance_w_k"),
    "exchanger_bypass": _course("exchanger_loop", "exchanger1", "exchanger1.hot_outlet_temperature_k",
                                "exchanger1.hot_pressure_drop_pa", "exchanger1.effectiveness"),
    "exchanger_cold_flow_loss": _course("exchanger_loop", "exchanger1", "exchanger1.cold_flow_kg_s",
                                        "exchanger1.cold_outlet_temperature_k", "exchanger1.hot_outlet_temperature_k",
                                        "exchanger1.hot_pressure_drop_pa"),
    "exchanger_tube_leak": _course("exchanger_loop", "exchanger1", "exchanger1.hot_flow_kg_s",
                                   "exchanger1.hot_outlet_flow_kg_s", "exchanger1.cold_outlet_flow_kg_s",
                                   "exchanger1.cold_outlet_temperature_k"),
    "exchanger_air_lock": _course("exchanger_loop", "exchanger1", "exchanger1.hot_flow_kg_s",
        "exchanger1.effectiveness",
                                  "exchanger1.hot_pressure_drop_pa", span=90),
    # --- hydraulics -----------------------------------------------------------------------------------------
    "hpu_cooler": _course("hydraulic_press", "hpu1", "hpu1.reservoir_temperature_k", "hpu1.cooling_power_w",
                          "hpu1.pump_flow_m3_s", span=200, onset=40),
    "hpu_pump_leakage": _course("hydraulic_press", "hpu1", "hpu1.pump_flow_m3_s", "hpu1.pump_pressure",
                                "hpu1.efficiency_factor", **PRESS),
    "hpu_valve_switching": _course("hydraulic_press", "hpu1", "hpu1.cap_pressure", "hpu1.piston_position_m",
        **PRESS),
    "hpu_accumulator_precharge": _course("hydraulic_press", "hpu1", "hpu1.supply_pressure", "hpu1.ripple_pa",
        **PRESS),
    "hpu_air_in_oil": _course("hydraulic_press", "hpu1", "hpu1.cap_pressure", "hpu1.piston_speed_m_s", **PRESS),
    "hpu_cylinder_leak": _course("hydraulic_press", "hpu1", "hpu1.piston_position_m", "hpu1.rod_pressure",
                                 "hpu1.return_pressure", **PRESS),
    "hpu_filter_clog": _course("hydraulic_press", "hpu1", "hpu1.pump_pressure", "hpu1.supply_pressure", **PRESS),
    "hpu_relief_creep": _course("hydraulic_press", "hpu1", "hpu1.pump_pressure", "hpu1.press_force_n",
                                "hpu1.motor_power", **PRESS),
    # --- packaging line, fleet ------------------------------------------------------------------------------
    "line_jams": _capper("line1.capper.time_down", "line1.capper_made", "line1.work_in_process", span=600),
    "line_quality_drift": _capper("line1.scrap", "line1.quality", "line1.parts_out"),
    "line_slow_cycle": _capper("line1.parts_out", "line1.effectiveness", "line1.availability"),
    "photo_eye_dirty": _capper("line1.capper_eye_count", "line1.capper_made"),
    "conveyor_belt_slip": _capper("line1.capper.belt_speed", "line1.capper.belt_torque"),
    "conveyor_roller_bearing": _capper("line1.capper.belt_torque", "line1.capper.roller_temperature",
                                        "line1.capper.belt_speed"),
    "fleet_unit": _course("fleet", "fleet1", "fleet1.a00000.flow", "fleet1.a00000.power", "fleet1.a00001.flow"),
    # --- sensors --------------------------------------------------------------------------------------------
    "sensor_bias": _course("pump_skid", "pump1.discharge_pressure", "pump1.discharge_pressure", "pump1.head_m"),
    "sensor_drift": _course("pump_skid", "pump1.discharge_pressure", "pump1.discharge_pressure", "pump1.head_m"),
    "sensor_noise": _course("pump_skid", "pump1.discharge_pressure", "pump1.discharge_pressure"),
    "sensor_stuck": _course("pump_skid", "pump1.flow", "pump1.flow", "pump1.flow_m3_s", actions=((60.0, AUTO, 0.018),)),
}  # fmt: skip
