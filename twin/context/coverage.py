"""What a twin of this rig can see before anything is connected: which relations its points close and leave open.

The gates are those of the capability map: 80 % of the relations that the machines allow, 60 % for a quick twin; and
every critical measured point with a stated accuracy of 5 % of span or better.
"""

from dataclasses import dataclass

from rigs.schema import Rig
from twin.models.skid import NEEDS, ROLES, roles_of

COVERAGE_GATE = 0.8
QUICK_GATE = 0.6
ACCURACY_GATE = 0.05


@dataclass(frozen=True, slots=True)
class Relation:
    """One redundancy relation, or the vibration of one bearing: what it needs, and what the rig does not measure."""

    name: str
    needs: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """Relations the machines allow, and critical points whose accuracy nobody states or that is too poor."""

    relations: tuple[Relation, ...]
    critical: int
    inaccurate: tuple[str, ...]

    @property
    def share(self) -> float:
        """Share of the relations that are closed; 0 where the machines allow none."""
        closed = sum(1 for relation in self.relations if not relation.missing)
        return closed / len(self.relations) if self.relations else 0.0


def coverage(rig: Rig) -> Coverage:
    """Return what the rig's points let a twin check."""
    kinds = {asset.kind for asset in rig.assets}
    possible = {role for (kind, _), role in ROLES.items() if kind in kinds}
    present = set(roles_of(rig))
    relations = [
        Relation(name, needs, tuple(need for need in needs if need not in present))
        for name, needs in NEEDS.items()
        if set(needs) <= possible
    ]
    heard = {point.asset for point in rig.points if point.waveform is not None}
    for asset in rig.assets:
        if asset.kind == "rolling_bearing":
            missing = () if asset.id in heard else ("vibration",)
            relations.append(Relation(f"vibration of {asset.id}", ("vibration",), missing))
    critical = [point for point in rig.points if point.critical]
    poor = [point.id for point in critical if point.sensor and point.sensor.accuracy > ACCURACY_GATE]
    return Coverage(tuple(relations), len(critical), tuple(poor))
