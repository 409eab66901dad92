"""Joint spaces opened for contact: the cells that fill them go, and the surfaces that faced them are named.

The mesh stage fills every joint space with cells. Bonded, these are a soft layer; with contact they would
hold the bones together, so they are left out, and the surfaces on both sides become a contact pair.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from pipeline.regions import Region
from pipeline.solve.level import Floats
from pipeline.solve.mesh_file import Ints, MeshFile
from pipeline.tetrahedron import FACES


@dataclass(frozen=True)
class JointSpace:
    """A joint space and the tissues on its two sides.

    Attributes:
        gap: the region that fills it.
        proximal: tissues of the side whose points are searched against the other, the slave.
        distal: tissues of the other side, the master. A cell of a tissue on both lists is on the side of
            the bone it lies on.
    """

    gap: Region
    proximal: frozenset[Region]
    distal: frozenset[Region]


EVEN_MM = 2.5
"""Radius around a facet of the neighbourhood that says which way the joint surface faces."""

EVEN_COSINE = 0.7
"""Cosine of the angle to it up to which a facet belongs to the surface; 45 degrees."""

_MT1 = {Region.MT1_CORTEX, Region.MT1_CORE, Region.SCLEROSIS, Region.MTP1_CARTILAGE_MT1}
_SESAMOIDS = {Region.SESAMOID_CARTILAGE, Region.SESAMOID_MEDIAL, Region.SESAMOID_LATERAL}


class Joint(Enum):
    """The joints that can open; the value is the tag of the proximal side, one more that of the distal."""

    MTP1 = 1
    IP = 3
    MTP2 = 5
    SESAMOIDS = 7

    @property
    def label(self) -> str:
        """Name in files, e.g. ``mtp1``."""
        return self.name.lower()


SPACES = {
    Joint.MTP1: JointSpace(
        Region.MTP1_GAP,
        frozenset(_MT1),
        frozenset({Region.MTP1_CARTILAGE_PP1, Region.PP1_CORTEX, Region.PP1_CORE}),
    ),
    Joint.IP: JointSpace(
        Region.IP_GAP,
        frozenset({Region.IP_CARTILAGE_PP1, Region.PP1_CORTEX, Region.PP1_CORE}),
        frozenset({Region.IP_CARTILAGE_DP1, Region.DP1_CORTEX, Region.DP1_CORE}),
    ),
    Joint.MTP2: JointSpace(
        Region.MTP2_GAP,
        frozenset({Region.MTP2_CARTILAGE_MT2, Region.MT2_CORTEX, Region.MT2_CORE}),
        frozenset({Region.MTP2_CARTILAGE_PP2, Region.PP2_CORTEX, Region.PP2_CORE}),
    ),
    Joint.SESAMOIDS: JointSpace(
        Region.SESAMOID_GAP, frozenset(_MT1 | {Region.SESAMOID_CARTILAGE}), frozenset(_SESAMOIDS)
    ),
}


def opened(file: MeshFile, joints: Iterable[Joint]) -> MeshFile:
    """Leave out the cells of some joint spaces, part the two sides, and name the facets that face each other.

    Points that only the joint spaces had are gone, points that both sides shared are doubled.

    Args:
        file: the checked mesh.
        joints: which to open; a joint whose space the mesh does not have, as after a fusion, stays as it is.
    """
    spaces = {joint: SPACES[joint] for joint in joints if np.any(file.region == SPACES[joint].gap)}
    faces = shared_faces(file.cells)
    side = np.zeros((len(spaces), len(file.cells)), dtype=np.int64)
    for row, space in enumerate(spaces.values()):
        side[row] = sides(file, space)
    gap = np.isin(file.region, [space.gap for space in spaces.values()])
    first, second = faces.cells.T
    cut = np.any((side[:, first] * side[:, second]) == 2, axis=0)  # 1 against 2
    walls = [np.empty((0, 3), dtype=np.int64)]
    for row, (joint, space) in enumerate(spaces.items()):
        for one, other in ((first, second), (second, first)):
            facing = (file.region[other] == space.gap) | (side[row, one] * side[row, other] == 2)
            chosen = np.flatnonzero(facing & (side[row, one] > 0) & ~gap[one])
            tag = joint.value + side[row, one[chosen]] - 1
            walls.append(np.column_stack([one[chosen], chosen, tag]))
    owner, face, tag = np.concatenate(walls).T
    cells = parted(file.cells, faces, cut | gap[first] | gap[second], ~gap, len(file.points))
    kept = ~gap & ~flakes(cells, ~gap, np.any(side > 0, axis=0))
    owner, face, tag = (each[kept[owner]] for each in (owner, face, tag))
    place = np.argmax(file.cells[owner][:, None, :] == faces.vertices[face][:, :, None], axis=2)
    facets = np.take_along_axis(cells[owner], place, axis=1)
    even = even_facets(file.points, faces.vertices[face], file.cells[owner], tag)
    return _renumbered(file, cells, kept, facets[even], tag[even])


def sides(file: MeshFile, space: JointSpace) -> Ints:
    """Side of each cell: 1 proximal, 2 distal, 0 neither, (nc,).

    A cell of a tissue that may be on both sides takes the side with which it shares more vertices, layer by
    layer from the bones; what stays undecided is proximal.
    """
    one, other = (_among(file.region, tissues) for tissues in (space.proximal, space.distal))
    both = one & other
    found = np.where(both, 0, np.where(one, 1, np.where(other, 2, 0)))
    while True:
        shares = []
        for side in (1, 2):
            on = np.zeros(len(file.points), dtype=bool)
            on[file.cells[found == side]] = True
            shares.append(on[file.cells].sum(axis=1))
        new = both & (found == 0) & (shares[0] != shares[1])
        if not new.any():
            return np.where(both & (found == 0), 1, found)
        found[new] = np.where(shares[0] > shares[1], 1, 2)[new]


@dataclass(frozen=True)
class SharedFaces:
    """Inner faces: the two cells of each, (n, 2), and its vertices, (n, 3)."""

    cells: Ints
    vertices: Ints


def shared_faces(cells: Ints) -> SharedFaces:
    """All faces that two tetrahedra share."""
    faces = np.sort(cells[:, FACES].reshape(-1, 3), axis=1)
    order = np.lexsort(faces.T)
    same = np.flatnonzero(np.all(faces[order[1:]] == faces[order[:-1]], axis=1))
    return SharedFaces(np.column_stack([order[same], order[same + 1]]) // 4, faces[order[same]])


def parted(
    cells: Ints, faces: SharedFaces, cut: NDArray[np.bool_], kept: NDArray[np.bool_], points: int
) -> Ints:
    """Cells with a vertex of its own for every group of kept cells that hang together around a point.

    Two cells at a point hang together if a chain of faces at that point joins them, none of them cut. So
    cells that only touch come apart, and tissue that runs around the rim of a joint holds it together.

    Args:
        cells: vertices, (nc, 4).
        faces: inner faces.
        cut: faces that are cut, (n,).
        kept: cells that stay, (nc,).
        points: number of points.

    Returns:
        Vertices of the cells; the first group of a point keeps its number, others get new ones, in the order
        of the old: number k * points + p for the k-th further group of point p.
    """
    loose = np.zeros(points, dtype=bool)
    loose[faces.vertices[cut]] = True
    around = np.flatnonzero((loose[cells] & kept[:, None]).ravel())  # corners: cell and vertex
    corner = np.full(cells.size, -1)
    corner[around] = np.arange(len(around))
    whole = np.flatnonzero(~cut)
    pairs = []
    for column in range(3):
        vertex = faces.vertices[whole, column]
        ends = [corner[4 * c + np.argmax(cells[c] == vertex[:, None], axis=1)] for c in faces.cells[whole].T]
        pairs.append(np.column_stack(ends)[(ends[0] >= 0) & (ends[1] >= 0)])
    link = np.concatenate(pairs)
    graph = coo_array((np.ones(len(link), np.int8), link.T), shape=(len(around), len(around)))
    _, group = connected_components(graph, directed=False)
    vertex = cells.ravel()[around]
    label, first = np.unique(np.column_stack([vertex, group]), axis=0, return_inverse=True)
    start = np.searchsorted(label[:, 0], label[:, 0])
    number = label[:, 0] + points * (np.arange(len(label)) - start)
    new = cells.copy().ravel()
    new[around] = number[first.ravel()]
    return new.reshape(cells.shape)


def even_facets(points: Floats, facets: Ints, cells: Ints, side: Ints) -> NDArray[np.bool_]:
    """Facets that face the way their neighbourhood does, (n,).

    Where a mesh is too coarse for a joint space, and at the rims, steps of single cells stand across the
    surface. They bear nothing, but a contact would catch on them.

    Args:
        points: vertices, (np, 3), mm.
        facets: their vertices, (n, 3).
        cells: vertices of the cell of each, (n, 4).
        side: side of a joint that each is on, (n,).
    """
    corners = points[facets]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    inwards = np.einsum("ni,ni->n", normal, points[cells].mean(axis=1) - corners.mean(axis=1)) > 0.0
    normal[inwards] *= -1.0
    centre, even = corners.mean(axis=1), np.zeros(len(facets), dtype=bool)
    for tag in np.unique(side):
        own = np.flatnonzero(side == tag)
        near = cKDTree(centre[own]).query_ball_point(centre[own], EVEN_MM)
        mean = np.array([normal[own[some]].sum(axis=0) for some in near])
        size = np.linalg.norm(mean, axis=1) * np.linalg.norm(normal[own], axis=1)
        even[own] = np.einsum("ni,ni->n", mean, normal[own]) > EVEN_COSINE * size
    return even


def flakes(cells: Ints, kept: NDArray[np.bool_], lining: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Cells of the linings that hang on no other tissue once the sides are parted, (nc,): chips of a mesh."""
    where = np.flatnonzero(kept)
    ends = (np.repeat(where, 4), len(cells) + cells[where].ravel())
    size = len(cells) + int(cells.max()) + 1
    graph = coo_array((np.ones(len(ends[0]), np.int8), ends), shape=(size, size))
    _, body = connected_components(graph, directed=False)
    body = body[: len(cells)]
    return kept & ~np.isin(body, body[kept & ~lining])


def _renumbered(file: MeshFile, cells: Ints, kept: NDArray[np.bool_], facets: Ints, side: Ints) -> MeshFile:
    """The mesh of the kept cells with points in a row; further copies of a point come last."""
    used, number = np.unique(cells[kept], return_inverse=True)
    return replace(
        file,
        points=file.points[used % len(file.points)],
        cells=number.reshape(-1, 4),
        region=file.region[kept],
        sole_facets=np.searchsorted(used, file.sole_facets),
        contact_facets=np.searchsorted(used, facets),
        contact_side=side,
    )


def _among(region: Ints, wanted: frozenset[Region]) -> NDArray[np.bool_]:
    return np.isin(region, [int(each) for each in wanted])
