"""Which records the constants were set on, and which are reported: said with every score."""

import json
from importlib.resources import files

_RACES = (
    "The constants of the evidence (twin/dsp/evidence.py) are round numbers, the same for every family and data set,"
    " set while looking at half of the public records: those of CWRU at two of the four loads of each fault, MFPT's"
    " odd loads and half of HIT-SM's grid. Loads of one fault share one assembly, so a split over loads is no"
    " independent test. Nothing is fitted to a record. Records of the other half were never seen."
)
_ONSET = (
    "The onset settings (twin/detect/onset.py) are one set for both run-to-failure sets. They were chosen while"
    " looking at the six FEMTO learning-set lives and the four channels of IMS set 2; other lives were never seen."
)
_SPLIT = {"cwru": _RACES, "mfpt": _RACES, "hit_sm": _RACES, "femto": _ONSET, "ims": _ONSET}


def split_of(dataset: str) -> str:
    """Say the split in words."""
    return _SPLIT[dataset] + (f" {_calibrated()}" if _SPLIT[dataset] is _RACES else "")


def _calibrated() -> str:
    """Say what the map from evidence to confidence was fitted to, in the words kept with its constants."""
    source = files("twin.dsp") / "data" / "confidence.json"
    content = json.loads(source.read_text(encoding="utf-8"))
    return (
        "The map from evidence to confidence (twin/dsp/data/confidence.json, one constant; even odds stay even, so it"
        f" moves no call) was fitted to {content.get('fitted_to', 'records not named')} and is reported on"
        f" {content.get('reported_on', 'records not named')}."
    )
