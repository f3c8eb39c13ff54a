"""The asset tree: what each point is about and how the machines hang together."""

from dataclasses import dataclass

from rigs.schema import Rig


@dataclass(frozen=True, slots=True)
class AssetNode:
    """One machine of the rig.

    Parameters
    ----------
    id, kind, title : as in the rig
    points : ids of the points that measure or command it
    joins : kind of connection -> the ids it joins, this one among them, in the order the medium passes them
    """

    id: str
    kind: str
    title: str
    points: tuple[str, ...]
    joins: dict[str, tuple[str, ...]]


def asset_tree(rig: Rig) -> dict[str, AssetNode]:
    """Build the tree, in the rig's order."""
    return {
        asset.id: AssetNode(
            asset.id,
            asset.kind,
            asset.title or asset.id,
            tuple(point.id for point in rig.points if point.asset == asset.id),
            {link.kind: link.joins for link in rig.connections if asset.id in link.joins},
        )
        for asset in rig.assets
    }
