"""The picture of a mesh: drawn from a foot of boxes, and never in the way of the mesh."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib.image
import meshio
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from numpy.typing import NDArray

from pipeline.errors import MachineError
from pipeline.mesh import picture
from pipeline.mesh.picture import draw_mesh, view_mesh
from pipeline.mesh.picture.look import CALLUS, Kind, look_of
from pipeline.mesh.picture.scene import Scene
from pipeline.mesh.picture.section import bent_section
from pipeline.mesh.picture.views import Landmarks, medial_view
from pipeline.picture_program import run_apart
from pipeline.regions import Region
from tests.measure.bricks import Floats, Ints, grid

Box = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]
FOOT: dict[str, Box] = {
    "soft_tissue": ((-40, 40), (-25, 15), (0, 35)),
    "mt1_cortex": ((-35, -5), (-5, 10), (10, 30)),
    "mtp1_cartilage_mt1": ((-5, 0), (-5, 10), (10, 30)),
    "pp1_cortex": ((0, 15), (-5, 10), (10, 30)),
    "dp1_core": ((15, 35), (-5, 10), (10, 30)),
    "mt2_cortex": ((-35, 10), (-20, -10), (10, 30)),
    "sesamoid_medial": ((-10, -5), (5, 10), (5, 10)),
    "sesamoid_lateral": ((-10, -5), (-5, 0), (5, 10)),
    "a_tissue_of_tomorrow": ((-35, -30), (-5, 10), (0, 5)),
}
"""Corners of each box along x (heel to toes), y (to the medial side) and z (up), mm; later ones win."""

HARDWARE: dict[str, Box] = {"screws": ((-20, 10), (0, 10), (15, 20))}
CORTEX_MM2 = 30.0 * 20.0
"""Section of the cortex of MT1 by an upright plane along the foot."""

ENOUGH_PIXELS = 3000
"""More than the legend shows of a colour, less than a cut shows."""


def write_foot(folder: Path, boxes: dict[str, Box], side: float = 1.0) -> Path:
    """A mesh folder with a foot of boxes: the right one, or with ``side`` -1 its mirror image."""

    def label(x: Floats) -> Ints:
        tags = np.zeros(len(x), np.int64)
        for tag, box in enumerate(boxes.values(), start=1):
            low, high = np.array(box).T
            tags[((x > low) & (x < high)).all(axis=1)] = tag
        return tags

    x, y, z = (np.arange(low, high, 5.0, dtype=np.float64) for low, high in ((-40, 41), (-25, 16), (0, 36)))
    points, cells, region = grid((x, y, z), label)
    points = points * np.array([1.0, side, 1.0])
    a, b, c, d = np.moveaxis(points[cells], 1, 0)
    turned = np.einsum("ij,ij->i", np.cross(b - a, c - a), d - a) < 0.0
    cells[turned] = cells[turned][:, [1, 0, 2, 3]]
    names = {name: np.array([tag, 3]) for tag, name in enumerate(boxes, start=1)}
    data = {"gmsh:physical": [region], "gmsh:geometrical": [region]}
    mesh = meshio.Mesh(points, {"tetra": cells}, cell_data=data, field_data=names)
    mesh.write(folder / "mesh.msh", file_format="gmsh22", binary=False)
    (folder / "geometry.json").write_text(json.dumps(landmarks(len(cells), side)), encoding="utf-8")
    return folder


def landmarks(cells: int, side: float) -> dict[str, Any]:
    """Landmarks and quality as the mesh stage writes them."""

    def bone(start: float, length: float, y: float = 3.0) -> dict[str, Any]:
        base = [start, side * y, 20.0]
        return {"base": base, "axis": [1.0, 0.0, 0.0], "dorsal": [0.0, 0.0, 1.0], "length_mm": length}

    return {
        "floor_z_mm": 0.0,
        "bones": {
            "mt1": bone(-35.0, 30.0),
            "pp1": bone(0.0, 15.0),
            "dp1": bone(15.0, 20.0),
            "mt2": bone(-35.0, 45.0, -15.0),
        },
        "joints": {"mtp1": {"centre": [-2.0, side * 3.0, 20.0], "radius_mm": 9.0}},
        "quality": {
            "cells": cells,
            "points": 1000,
            "worst_mean_ratio": 0.51,
            "first_percentile_mean_ratio": 0.62,
            "average_mean_ratio": 0.73,
            "smallest_dihedral_deg": 35.26,
            "volume_mm3": {},
        },
    }


def pixels(image: NDArray[np.float32], colour: str) -> int:
    """Number of pixels of exactly this colour."""
    return int((np.abs(image[..., :3] - np.array(to_rgb(colour))).max(axis=-1) < 0.003).sum())


def test_picture_shows_tissues_and_hardware(tmp_path: Path) -> None:
    """Bone, cartilage and sesamoids fill their part of the page; steel does only if there is some."""
    (tmp_path / "plain").mkdir()
    (tmp_path / "screwed").mkdir()
    images = {}
    for name, boxes in (("plain", FOOT), ("screwed", FOOT | HARDWARE)):
        folder = write_foot(tmp_path / name, boxes)
        assert draw_mesh(folder, "A foot of boxes, 100 $ and 5 $") is None
        images[name] = matplotlib.image.imread(folder / "mesh.png")
        assert images[name].shape[1] == 1600
        assert images[name].shape[0] > 1000
        for tissue in ("mt1_cortex", "mtp1_cartilage_mt1", "sesamoid_medial", "soft_tissue"):
            assert pixels(images[name], look_of(tissue, boxes).colour) > ENOUGH_PIXELS, tissue
    steel = look_of("screws", HARDWARE).colour
    assert pixels(images["screwed"], steel) > ENOUGH_PIXELS
    assert pixels(images["plain"], steel) == 0


def test_every_region_has_a_look() -> None:
    """A region added to the model must be added to the picture; a name nobody knows is drawn in grey."""
    assert [r.label for r in Region if look_of(r.label, ()).kind is Kind.UNKNOWN] == []
    assert look_of("a_tissue_of_tomorrow", ()).kind is Kind.UNKNOWN
    assert look_of("a_tissue_of_tomorrow", ()).words == "a tissue of tomorrow"


def test_bone_in_the_joint_is_told_from_a_worn_joint() -> None:
    """The group of the joint space is fusion bone only where nothing of a joint is left."""
    assert look_of("mtp1_gap", {"mtp1_gap", "mt1_core"}) is CALLUS
    for other in ("mtp1_cartilage_pp1", "osteophyte", "implant"):
        assert look_of("mtp1_gap", {"mtp1_gap", other}).words == "joint space"


def test_upright_cut_is_whole(tmp_path: Path) -> None:
    """The two halves of the cut give the known section of each bone, and no border where they meet."""
    scene = Scene(write_foot(tmp_path, FOOT))
    cut = bent_section(scene, Landmarks.of(scene))
    names = [scene.names[int(tag)] for tag in cut.region]
    bone = [polygon for polygon, name in zip(cut.polygons, names, strict=True) if name == "mt1_cortex"]
    assert sum(map(area, bone)) == pytest.approx(CORTEX_MM2, rel=1e-6)
    cartilage = [p for p, name in zip(cut.polygons, names, strict=True) if name == "mtp1_cartilage_mt1"]
    assert sum(map(area, cartilage)) == pytest.approx(5.0 * 20.0, rel=1e-6)
    assert min(np.abs(line[:, 0]).max() for line in cut.borders) > 0.5


def area(polygon: Floats) -> float:
    """Area of a polygon, mm^2."""
    x, y = polygon.T
    return 0.5 * abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1)))


def test_left_foot_is_the_mirror_of_the_right(tmp_path: Path) -> None:
    """Each foot is seen from its own medial side: toes to the left of a right foot, to the right else."""
    places = []
    for name, side in (("right", 1.0), ("left", -1.0)):
        (tmp_path / name).mkdir()
        marks = Landmarks.of(Scene(write_foot(tmp_path / name, FOOT, side)))
        places.append(medial_view(marks).project(marks.toe_tip))
    assert places[0][0] < -30.0
    assert places[1] == pytest.approx((-places[0][0], places[0][1]))


def test_crash_of_the_picture_program_is_a_notice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where OpenGL kills the program the caller gets one line, and no old picture is left as if new."""
    folder = write_foot(tmp_path, FOOT)
    (folder / "mesh.png").write_bytes(b"old")
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "pyvista.py").write_text("import os\nos.kill(os.getpid(), 11)\n", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(broken))
    notice = draw_mesh(folder, "")
    assert notice is not None
    assert "died of SIGSEGV" in notice
    assert "\n" not in notice
    assert not (folder / "mesh.png").exists()
    assert (folder / "mesh.msh").is_file()


def test_picture_program_that_fails_or_hangs_is_a_notice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a folder without a mesh nor a program that never ends raises."""
    assert "failed" in (draw_mesh(tmp_path, "") or "")
    assert "failed" in (draw_mesh(tmp_path / "nowhere", "") or "")
    monkeypatch.setattr(picture, "SECONDS", 0.01)
    assert "stopped after" in (draw_mesh(tmp_path, "") or "")


@pytest.mark.skipif(sys.platform != "linux", reason="only there a screen is known by a variable")
def test_window_needs_a_screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a screen the user is sent to the picture."""
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(MachineError, match=r"mesh\.png"):
        view_mesh(tmp_path, "")


USE_WINDOW = """
import sys
from pathlib import Path
from pipeline.mesh.picture.scene import Scene
from pipeline.mesh.picture.window import CUT, Window

window = Window(Scene(Path(sys.argv[1])), "", off_screen=True)
assert CUT not in window.plotter.actors
window.cut(True)
whole = window.plotter.actors[CUT].mapper.dataset.n_cells
soft = next(look for look in window.scene.looks.values() if look.words == "soft tissue")
window.show_tissue(False, look=soft)
assert 0 < window.plotter.actors[CUT].mapper.dataset.n_cells < whole
assert {look for look, actor in window.actors if not actor.visibility} == {soft}
window.show_tissue(True, look=soft)
assert window.plotter.actors[CUT].mapper.dataset.n_cells == whole
window.move((-1.0, 0.0, 0.0), (500.0, 0.0, 0.0))
assert CUT not in window.plotter.actors
"""


def test_window_cuts_and_hides(tmp_path: Path) -> None:
    """The boxes of the window do what they say; the window itself is not opened."""
    assert run_apart(["-c", USE_WINDOW, str(write_foot(tmp_path, FOOT))], 120.0) == ""
