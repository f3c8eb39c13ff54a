"""Condition-monitoring signal processing: usable alone, without the rest of the twin.

    from twin import dsp
    dsp.welch(x, rate_hz), dsp.fast_kurtogram(x, rate_hz), dsp.analyze(x, rate_hz, speed_hz, dsp.parse_bearing("6205"))

Every name below is loaded when it is first asked for; the files they stand in are imported as usual, too.
"""

import importlib
from typing import Any

_NAMES = {
    "analysis": "AnalysisResult analyze",
    "angular": "AngularResampler samples_per_rev to_angle",
    "bands": "BandChoice BandScore choose_band rank_bands",
    "bearing": "BEARINGS FAMILIES BearingGeometry parse_bearing",
    "biquad": "BiquadCascade band_pass butterworth high_pass",
    "cepstrum": (
        "Cepstrum Rahmonics comb_notch lifter long_pass power_cepstrum prewhiten rahmonics real_cepstrum"
        " remove_families short_pass"
    ),
    "chance": "decoy_orders tail_probability",
    "clockcheck": "RateCheck rate_check",
    "confidence": "calibrated",
    "cross": "Cross coherence_bias coherence_threshold cross_spectrum",
    "current_lines": "CurrentLine bearing_lines eccentricity_lines measure_lines power_swing slot_eccentricity_lines",
    "cyclic": "CyclicCoherence cyclic_periodogram spectral_coherence",
    "delays": "Delay delay gcc_phat",
    "demodulation": "AnalyticBand SquaredEnvelopeSpectrum analytic_band squared_envelope_spectrum",
    "density": "StreamingWelch Welch welch",
    "enhanced": "EnhancedEnvelope EnvelopeLine enhanced_envelope informative_weights",
    "envelope": "Band EnvelopeSpectra candidate_bands envelope_spectra",
    "evidence": "LineScore decoy_scores score_families",
    "features": "FeatureStream TimeFeatures time_features",
    "filters": "Decimator FirFilter SosFilter kaiser_low_pass",
    "gear": (
        "GearConditions GearMonitor MeshLines MeshModulation demodulate_mesh difference_signal mesh_lines"
        " residual_signal"
    ),
    "gear_kinematics": "GearPair PlanetaryGear",
    "infograms": "Infogram infogram",
    "iso20816": "Severity VelocityMeter ZoneTable severity velocity_band_hz velocity_rms velocity_sections zone_table",
    "kurtogram": "Kurtogram SpectralKurtosis fast_kurtogram kurtograms spectral_kurtosis unbiased_kurtosis",
    "line_fit": "Line",
    "line_matching": "LineMatch SumRule matches sum_rule",
    "lines": "Tones duration_needed_s flat_top_amplitude measure_line minimum_separation_hz tones_at",
    "moments": "Moments",
    "motor_current": "CurrentDiagnosis analyze_current",
    "order_tracking": "OrderSpectrum OrderTrack SpeedMap campbell order_map order_spectrum track_orders",
    "orders": "angle_track resample_to_angle tracked_amplitudes",
    "pipeline": "Pipeline",
    "pipeline_design": "MeasuringPoint",
    "pipeline_window": "LineFinding",
    "point": "VibrationConfig VibrationFeatures VibrationPoint",
    "prominence": "prominences",
    "quality": "duplicated_channels has_bursts signal_flags touches_rails",
    "recordings": "Recording RecordingError load_recording",
    "reference": "Change Comparison compare",
    "separation": "DrsStream Sanc Separated drs random_part suggest_delay",
    "sequence": "SequenceMeter Sequences park_modulus sequences space_vector",
    "short_time": "Stft istft stft",
    "sidebands": "Sidebands needed_window_s rotor_sidebands",
    "slip": "Slip slip_from_lines slip_from_speed slot_lines",
    "spectrum": "amplitude_spectrum band_rms line_amplitude peak_hold",
    "speed": "SpeedTrack track_speed",
    "tacho": "PulseDetector Pulses ShaftPhase pulse_levels repair_pulses shaft_phase",
    "tones": "Fundamental LineSpectrum fundamental line_spectrum supply_frequency",
    "tsa": "Average SynchronousAverage remove_synchronous time_synchronous_average",
    "windows": "Window window",
    "zooming": "Zoom czt zoom",
}
_HOME = {name: module for module, names in _NAMES.items() for name in names.split()}

__all__ = sorted(_HOME)  # noqa: PLE0605 - one table says what there is and where


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        import difflib

        near = difflib.get_close_matches(name, _HOME, n=1)
        raise AttributeError(f"twin.dsp has no {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
