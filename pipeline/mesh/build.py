"""The mesh stage: a case in, a folder with mesh, landmarks and manifest out.

Folders are named by the hash of everything that shapes the mesh, so cases of equal geometry share one.
Cases that share their cells by `mesh.shared_with` have a folder each, and one more for the mesh they share.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.optimize import brentq

from pipeline.config import Case, sized
from pipeline.errors import ConfigError
from pipeline.mesh.anatomy import parts_of
from pipeline.mesh.family import PACKAGES, Family, stand_alike
from pipeline.mesh.fidelity import fidelity_of
from pipeline.mesh.files import read_arrays, write_arrays, write_mesh
from pipeline.mesh.grid import SizeField, grid_points
from pipeline.mesh.implicit import Array
from pipeline.mesh.landmarks import landmarks
from pipeline.mesh.picture import draw_mesh
from pipeline.mesh.posture import Posture
from pipeline.mesh.quality import MeshQuality, assess, require_quality
from pipeline.mesh.sizing import LEVEL_FACTOR, size_field
from pipeline.mesh.soft import floor_height, under_one_skin
from pipeline.mesh.sole import sole_patches
from pipeline.mesh.tetrahedra import Tetrahedra, tetrahedralise
from pipeline.mesh.tissue import Tissue, Tissues, enclose
from pipeline.mesh.variants import own_parts, united
from pipeline.regions import Region
from pipeline.stage import (
    begin,
    finish,
    up_to_date,
    write_json,
)

MARGIN_MM = 42.0
"""Room around the bones' ends for their width and the soft tissue."""

BELOW_FLOOR_MM = 4.0
"""How far the meshed box reaches below the floor."""

DOFS_PER_CELL = 4.08
"""Unknowns of a quadratic displacement for each tetrahedron, as measured from 60 k to 1 M cells."""

CELLS_OF_SURFACE, CELLS_OF_VOLUME = 2.46, 2.2
"""Cells for each cube of the edge length at level medium: those along interfaces, whose number grows as
the inverse square of the edge length, and those between them. Measured on the shipped normal foot."""

FACTORS = (0.2, 4.0)
"""Edge lengths relative to level medium between which a wanted number of unknowns is looked for."""

SHARED, SHARED_FILE = "shared", "shared.npz"
"""Stage and file of a mesh that several cases share."""


@dataclass(frozen=True)
class Built:
    """A mesh and what it was made from.

    Attributes:
        mesh: points, cells and labels, always of a right foot.
        tissue: the parts, by label.
        posture: where the bones stand.
        factor: edge lengths relative to level medium.
    """

    mesh: Tetrahedra
    tissue: Tissue
    posture: Posture
    factor: float

    @property
    def regions(self) -> list[Region]:
        """Region of each label."""
        return self.tissue.regions


def mesh_key(case: Case) -> str:
    """Hash of what shapes the mesh: geometry, posture, joint, mesh settings, surfaces and the code.

    Raises:
        ConfigError: a surface file, or a case it shares its mesh with, cannot be read.
    """
    return Family.of(case).mesh_key


def mesh_folder(case: Case, meshes: Path) -> Path:
    """Folder of the case's mesh under the folder of all meshes."""
    return meshes / mesh_key(case)[:16]


def domain(posture: Posture, case: Case) -> tuple[Array, Array]:
    """Corners of the box that holds the model, mm."""
    tips = [
        posture.mt1.origin,
        posture.mt2.origin,
        posture.mtp1,
        posture.dp1.at(case.anatomy.dp1.length_mm.value),
        posture.dp2.at(case.anatomy.dp2.length_mm.value),
    ]
    low, high = np.min(tips, axis=0) - MARGIN_MM, np.max(tips, axis=0) + MARGIN_MM
    low[2] = floor_height(case) - BELOW_FLOOR_MM
    return low, high


def edge_factor(case: Case, tissues: Tissues, medium: Callable[[], SizeField]) -> float:
    """Edge lengths relative to level medium, from the level or from the number of unknowns wanted.

    Raises:
        ConfigError: so few or so many unknowns cannot be had.
    """
    wanted = case.mesh.target_dofs
    if wanted is None:
        return LEVEL_FACTOR[case.mesh.level]
    size = medium()
    spacing = 2.0 * size.spacing
    x = grid_points(size.low, np.array(size.values.shape) // 2, spacing)
    cubes = spacing**3 * np.sum(size.at(x[tissues.label(x) < tissues.void]) ** -3.0)

    def unknowns(factor: float) -> float:
        cells = cubes * (CELLS_OF_SURFACE / factor**2 + CELLS_OF_VOLUME / factor**3)
        return float(DOFS_PER_CELL * cells)

    most, least = (round(unknowns(factor)) for factor in FACTORS)
    if not least < wanted < most:
        raise ConfigError(f"mesh.target_dofs: {wanted} is out of reach; this foot allows {least} to {most}")
    return float(brentq(lambda factor: unknowns(factor) - wanted, *FACTORS, xtol=1e-6))


@dataclass(frozen=True)
class Scene:
    """Cases in one posture, and the box that holds their tissues.

    Attributes:
        cases: each in its size.
        posture: where the bones stand.
        tissues: those of all cases.
        low: lower corner of the box, mm.
        high: upper corner of the box, mm.
    """

    cases: list[Case]
    posture: Posture
    tissues: Tissues
    low: Array
    high: Array

    def size(self, factor: float) -> SizeField:
        """Edge length wanted by any of the cases; ``factor`` 1 is level `medium`."""
        floor = floor_height(self.cases[0])
        fields = [
            size_field(case, tissue, self.low, self.high, floor, factor)
            for case, tissue in zip(self.cases, own_parts(self.tissues), strict=True)
        ]
        return replace(fields[0], values=np.minimum.reduce([field.values for field in fields]))

    def mesh(self) -> tuple[Tetrahedra, float]:
        """Mesh with the labels of the whole, and its edge lengths relative to level medium.

        Raises:
            ConfigError: tissue reaches out of the box, or the number of unknowns cannot be had.
        """
        factor = edge_factor(self.cases[0], self.tissues, lambda: self.size(1.0))
        mesh = tetrahedralise(self.tissues, self.low, self.high, self.size(factor))
        if np.any((mesh.points < self.low + 1e-6) | (mesh.points > self.high - 1e-6)):
            raise ConfigError(
                f"anatomy: some tissue reaches more than {MARGIN_MM:g} mm beyond the ends of the bones; "
                "check cover_mm, the pads and anatomy.shape"
            )
        return mesh, factor

    def built(self, mesh: Tetrahedra, factor: float) -> list[Built]:
        """The mesh with the labels of each case."""
        return [
            Built(replace(mesh, labels=labels), tissue, self.posture, factor)
            for tissue, labels in zip(self.tissues.members, self.tissues.decode(mesh.labels), strict=True)
        ]


def scene_of(cases: Sequence[Case]) -> Scene:
    """Tissues of cases of one foot that stand alike.

    Args:
        cases: each in its size (see `pipeline.config.sized`).

    Raises:
        ConfigError: no such anatomy or posture exists, or they stand differently; names the key.
    """
    posture = stand_alike(cases)
    low, high = domain(posture, cases[0])
    parts = under_one_skin(cases[0], [parts_of(case, posture) for case in cases], low, high)
    return Scene(list(cases), posture, united([enclose(own, low, high) for own in parts]), low, high)


def build(case: Case) -> Built:
    """Mesh of a case in its posture, not shared with any other.

    Args:
        case: the case in its size (see `pipeline.config.sized`).

    Raises:
        ConfigError: no such anatomy or posture exists; the message names the key.
    """
    scene = scene_of([case])
    return scene.built(*scene.mesh())[0]


def quality_of(built: Built) -> MeshQuality:
    """Shape of the cells and fidelity of the faces of a mesh."""
    mesh = built.mesh
    fidelity = fidelity_of(built.tissue, mesh.points, mesh.cells, mesh.labels)
    return assess(mesh, [region.label for region in built.regions], fidelity)


def mirrored(mesh: Tetrahedra) -> Tetrahedra:
    """The same mesh of the other foot: the medial side changes, cells stay positive."""
    return replace(mesh, points=mesh.points * [1.0, -1.0, 1.0], cells=mesh.cells[:, [0, 2, 1, 3]])


def mesh_of(scene: Scene, family: Family, meshes: Path) -> tuple[Tetrahedra, float]:
    """Mesh of a family with the labels of the whole; one of several members is kept for the others."""
    if len(family.cases) == 1:
        return scene.mesh()
    folder = shared_folder(family, meshes)
    if not up_to_date(folder, SHARED, family.key):
        family.require()
        begin(folder, SHARED)
        start = time.perf_counter()
        write_arrays(folder / SHARED_FILE, *scene.mesh())
        seconds = time.perf_counter() - start
        finish(folder, SHARED, family.key, [SHARED_FILE], packages=PACKAGES, seconds=seconds)
    return read_arrays(folder / SHARED_FILE)


def shared_folder(family: Family, meshes: Path) -> Path:
    """Folder of the mesh that the members of a family share."""
    return meshes / family.key[:16]


def forget_shared(case: Case, meshes: Path) -> None:
    """Have the mesh that a case shares with others, if it does, built anew."""
    family = Family.of(case)
    if len(family.cases) > 1:
        begin(shared_folder(family, meshes), SHARED)


def make_mesh(case: Case, meshes: Path, *, force: bool = False) -> tuple[Path, bool]:
    """Build the mesh of a case unless it is there already.

    Args:
        case: the case.
        meshes: folder of all meshes.
        force: build also if it is there. A mesh shared with other cases is kept; see `forget_shared`.

    Returns:
        Folder of the mesh, and whether it was built now.

    Raises:
        ConfigError: the anatomy or posture is impossible, or a surface file is damaged.
        QualityError: the mesh fails a gate.
    """
    family = Family.of(case)
    folder, key = meshes / family.mesh_key[:16], family.mesh_key
    if not force and up_to_date(folder, "mesh", key):
        return folder, False
    begin(folder, "mesh")
    start = time.perf_counter()
    scene = scene_of([sized(each) for each in family.cases])
    foot, built = scene.cases[family.own], scene.built(*mesh_of(scene, family, meshes))[family.own]
    quality = quality_of(built)
    require_quality(quality, built.factor)
    sole, tags = sole_patches(built.mesh, built.regions, foot, built.posture)
    mesh, left = built.mesh, case.patient.side == "left"
    if left:
        mesh, sole = mirrored(mesh), sole[:, [0, 2, 1]]
    write_mesh(folder / "mesh.msh", mesh, built.regions, sole, tags)
    write_json(folder / "geometry.json", landmarks(foot, built.posture, quality, left=left))
    seconds = time.perf_counter() - start
    finish(folder, "mesh", key, ["mesh.msh", "geometry.json"], packages=PACKAGES, seconds=seconds)
    draw_mesh(folder, case.title)
    return folder, True
