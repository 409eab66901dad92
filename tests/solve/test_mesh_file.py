"""Every damage of a mesh file is found on reading and named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import MeshError
from pipeline.regions import Region, Sole
from pipeline.solve.mesh_file import MeshFile, read_mesh_file
from tests.solve.boxes import Floats, Ints, bottom_facets, box, quarters, write_column, write_msh

WANTED = (Region.SOFT_TISSUE, Region.PROXIMAL_BLOCK)
Parts = tuple[Floats, Ints, Ints, Ints, Ints]


def parts() -> Parts:
    """Points, cells, regions, sole triangles and patches of a sound column."""
    points, cells = box((2.0, 2.0, 3.0), (2, 2, 3))
    high = points[cells].mean(axis=1)[:, 2] > 2
    region = np.where(high, int(Region.PROXIMAL_BLOCK), int(Region.SOFT_TISSUE))
    facets = bottom_facets(points, cells)
    return points, cells, region, facets, quarters(points, facets)


def inverted(p: Parts) -> Parts:
    cells = p[1].copy()
    cells[3, :2] = cells[3, 1::-1]
    return (p[0], cells, *p[2:])


def loose_node(p: Parts) -> Parts:
    return (np.vstack([p[0], [[9.0, 9.0, 9.0]]]), *p[1:])


def inner_sole(p: Parts) -> Parts:
    facets = p[3].copy()
    cell = p[1][np.any(p[1] == 13, axis=1)][0]  # node 13, at (1, 1, 1), is the lowest inside
    facets[0] = [13, *cell[cell != 13][:2]]
    return (*p[:3], facets, p[4])


def doubled_sole(p: Parts) -> Parts:
    facets = p[3].copy()
    facets[0] = facets[1]
    return (*p[:3], facets, p[4])


def floating_piece(p: Parts) -> Parts:
    points, cells, region, facets, sole = p
    n = len(points)
    piece = np.array([[9.0, 0, 0], [10, 0, 0], [9, 1, 0], [9, 0, 1]])
    more = np.vstack([cells, [[n, n + 1, n + 2, n + 3]]])
    return np.vstack([points, piece]), more, np.append(region, int(Region.SOFT_TISSUE)), facets, sole


def not_a_number(p: Parts) -> Parts:
    points = p[0].copy()
    points[5, 1] = np.nan
    return (points, *p[1:])


def other_region(p: Parts) -> Parts:
    region = p[2].copy()
    region[:4] = int(Region.OSTEOPHYTE)
    return (*p[:2], region, *p[3:])


def no_block(p: Parts) -> Parts:
    return (*p[:2], np.full_like(p[2], int(Region.SOFT_TISSUE)), *p[3:])


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (
            inverted,
            r"1 inverted or flat tetrahedra, worst has volume -0\.167 mm\^3 at \(.*\) mm in soft_tissue",
        ),
        (loose_node, r"1 node\(s\) belong to no tetrahedron, first at \(9\.00, 9\.00, 9\.00\)"),
        (inner_sole, r"1 sole triangle\(s\) are doubled or not on the surface"),
        (doubled_sole, r"2 sole triangle\(s\) are doubled or not on the surface"),
        (floating_piece, r"1 tetrahedra of soft_tissue are not attached to proximal_block"),
        (not_a_number, "not a number"),
        (other_region, "tetra cells in osteophyte, which the case does not have; present: osteophyte"),
        (no_block, "no tetra cells in proximal_block; present: soft_tissue"),
    ],
)
def test_damage_is_named(tmp_path: Path, damage: Callable[[Parts], Parts], words: str) -> None:
    """The message says what is wrong and where."""
    path = write_msh(tmp_path / "mesh.msh", *damage(parts()))
    with pytest.raises(MeshError, match=words):
        read_mesh_file(path, WANTED)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.99])
def test_truncated_file_is_refused(tmp_path: Path, share: float) -> None:
    """FLT-3: a file cut anywhere is an error of the mesh, in one line."""
    path = write_column(tmp_path / "mesh.msh")
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(MeshError) as fault:
        read_mesh_file(path, WANTED)
    assert "\n" not in str(fault.value)
    assert str(path) in str(fault.value)


def test_absent_file_names_the_remedy(tmp_path: Path) -> None:
    """No mesh: run the mesh stage."""
    with pytest.raises(MeshError, match="no such file; run the mesh stage first"):
        read_mesh_file(tmp_path / "mesh.msh", WANTED)


def test_sound_file_is_read_as_written(tmp_path: Path) -> None:
    """Volumes, areas and groups of a 4 x 4 x 10 mm column."""
    mesh: MeshFile = read_mesh_file(write_column(tmp_path / "mesh.msh"), WANTED)
    assert mesh.volume_mm3.sum() == pytest.approx(160.0)
    assert mesh.volume_mm3[mesh.region == Region.PROXIMAL_BLOCK].sum() == pytest.approx(32.0)
    assert [mesh.sole_area_mm2[mesh.sole_region == s].sum() for s in Sole] == pytest.approx([4.0] * 4)


def test_a_patch_that_does_not_reach_the_floor_may_be_absent(tmp_path: Path) -> None:
    """A stiff joint can lift the metatarsal head; but some sole there must be."""
    points, cells, region, facets, sole = parts()
    kept = sole != Sole.SOLE_MT1_HEAD
    path = write_msh(tmp_path / "some.msh", points, cells, region, facets[kept], sole[kept])
    assert set(read_mesh_file(path, WANTED).sole_region) == set(Sole) - {Sole.SOLE_MT1_HEAD}
    path = write_msh(tmp_path / "none.msh", points, cells, region, facets[:0], sole[:0])
    with pytest.raises(MeshError, match="no triangle cells in sole_hallux"):
        read_mesh_file(path, WANTED)
