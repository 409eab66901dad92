"""Surface files become clean closed surfaces, faults are found where they are, and shapes are distances."""

from __future__ import annotations

import re
from pathlib import Path

import meshio
import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.errors import ConfigError
from pipeline.mesh.implicit import Array, Shape
from pipeline.mesh.surface import Surface, fit_sphere, landmark_frame, placed, read_surface
from pipeline.mesh.surface_check import check_surface, crossing_triangles
from pipeline.mesh.surface_distance import signed_distance

BONES = Path(__file__).parents[3] / "shared" / "data" / "bones_vhf"
PUBLISHED_MM3 = {"mt1": 15541, "pp1": 5632, "mt2": 7286, "pp2": 1931, "dp1": 2674, "mp2": 739, "dp2": 385}
FILE = Path("bones/mt1.stl")
RADIUS = 10.0


def split(surface: Surface) -> Surface:
    """Every triangle divided into four."""
    a, b, c = np.moveaxis(surface.corners, 1, 0)
    ab, bc, ca = (a + b) / 2, (b + c) / 2, (c + a) / 2
    parts = [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
    corners = np.concatenate([np.stack(part, axis=1) for part in parts]).reshape(-1, 3)
    points, index = np.unique(np.round(corners, 9), axis=0, return_inverse=True)
    return Surface(points, index.reshape(-1, 3))


def box(half: tuple[float, float, float]) -> Surface:
    """Box of twelve triangles about the origin."""
    points = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) * np.array(half)
    quads = np.array([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]])
    return Surface(points, np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]))


def sphere(levels: int = 4, centre: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Surface:
    """Sphere with its points on the radius: an octahedron, split and pushed out."""
    points = np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]], dtype=float)
    eighths = [[0, 2, 4], [2, 1, 4], [1, 3, 4], [3, 0, 4], [2, 0, 5], [1, 2, 5], [3, 1, 5], [0, 3, 5]]
    surface = Surface(points, np.array(eighths))
    for _ in range(levels):
        surface = split(surface)
        length = np.linalg.norm(surface.points, axis=1)[:, None]
        surface = Surface(surface.points / length, surface.triangles)
    return Surface(RADIUS * surface.points + centre, surface.triangles)


def joined(*surfaces: Surface) -> Surface:
    offsets = np.cumsum([0] + [len(s.points) for s in surfaces])
    return Surface(
        np.concatenate([s.points for s in surfaces]),
        np.concatenate([s.triangles + offset for s, offset in zip(surfaces, offsets[:-1], strict=True)]),
    )


def write(path: Path, surface: Surface, binary: bool | None = None) -> Path:
    mesh = meshio.Mesh(surface.points, [("triangle", surface.triangles)])
    meshio.write(path, mesh, **({} if binary is None else {"binary": binary}))
    return path


def top(surface: Surface) -> int:
    """Index of the triangle whose centre is highest."""
    return int(np.argmax(surface.corners.mean(axis=1)[:, 2]))


def fault(surface: Surface) -> str:
    with pytest.raises(ConfigError) as caught:
        check_surface(surface, FILE)
    return str(caught.value)


def place(message: str, after: str) -> Array:
    """First coordinates in a message after a text."""
    found = re.search(r"\((-?[\d.]+), (-?[\d.]+), (-?[\d.]+)\) mm", message[message.index(after) :])
    assert found
    return np.array([float(v) for v in found.groups()])


def slope(shape: Shape, x: Array, step: float = 1e-4) -> Array:
    return np.stack([(shape(x + step * e) - shape(x - step * e)) / (2 * step) for e in np.eye(3)], axis=1)


def counted_volume(shape: Shape, low: Array, high: Array, step: float) -> float:
    axes = [np.arange(a - 1.0, b + 1.0, step) for a, b in zip(low, high, strict=True)]
    sections = (np.stack(np.meshgrid([x], *axes[1:], indexing="ij"), axis=-1) for x in axes[0])
    return step**3 * sum(np.count_nonzero(shape(s.reshape(-1, 3)) < 0.0) for s in sections)


# --- reading ---


@pytest.mark.parametrize(
    ("name", "binary"),
    [("s.stl", True), ("s.STL", False), ("s.ply", True), ("t.ply", False), ("s.obj", None)],
)
def test_every_format_gives_the_same_surface(tmp_path: Path, name: str, binary: bool | None) -> None:
    want = sphere(2)
    got = read_surface(write(tmp_path / name, want, binary), 1.0)
    assert len(got.points) == len(want.points)
    np.testing.assert_allclose(got.corners, want.corners, atol=2e-6)


def test_unit_scales_lengths(tmp_path: Path) -> None:
    path = write(tmp_path / "s.ply", Surface(sphere(2).points / 1000.0, sphere(2).triangles))
    got = read_surface(path, 1000.0)
    assert got.longest_mm == pytest.approx(2 * RADIUS)
    assert got.volume_mm3 == pytest.approx(sphere(2).volume_mm3)


def test_normals_that_point_inwards_are_turned_over(tmp_path: Path) -> None:
    want = sphere(2)
    got = read_surface(write(tmp_path / "s.ply", want.turned_over()), 1.0)
    assert want.turned_over().volume_mm3 < 0.0
    assert got.volume_mm3 == pytest.approx(want.volume_mm3)
    check_surface(got, FILE)


def test_doubled_points_and_triangles_are_cleaned_away(tmp_path: Path) -> None:
    clean = box((5.0, 6.0, 7.0))
    points = np.concatenate([clean.points, clean.points[:3] + 1e-7, [[50.0, 0.0, 0.0]]])
    swapped = np.where(clean.triangles[:6] < 3, clean.triangles[:6] + 8, clean.triangles[:6])
    doubled, collapsed = clean.triangles[4:5][:, [1, 2, 0]], np.array([[0, 8, 5]])
    dirty = np.concatenate([swapped, clean.triangles[6:], doubled, collapsed])
    got = read_surface(write(tmp_path / "s.ply", Surface(points, dirty)), 1.0)
    np.testing.assert_allclose(got.points, clean.points, atol=1e-6)
    np.testing.assert_array_equal(got.triangles, clean.triangles)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("bone.step", "x", r"ending '.step' is unknown; allowed: .stl, .ply, .obj"),
        ("bone.stl", "no surface at all\n", "not a whole STL file"),
        ("bone.stl", "", "not a whole STL file|no triangles"),
        ("bone.stl", "solid\nendsolid\n", "no triangles"),
        ("bone.ply", "ply\nformat ascii 1.0\nelement vertex", "not a whole PLY file"),
        ("bone.obj", "v 0 0 0\nv 1 0 0\nv 0 1 0\n", "no triangles"),
        ("bone.obj", "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 2\n", "no triangles"),
        (
            "bone.obj",
            "v 0 0 0\nv 1 0 nan\nv 0 1 0\nf 1 2 3\n",
            "1 points with coordinates that are not finite",
        ),
        ("bone.obj", "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nf 1 2 3 4\n", "faces with 4 corners"),
        ("bone.obj", "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 9\n", "name points that the file lacks"),
        ("bone.obj", "v 0 0 0\nv 1 0 0\nv 0 1 0\nf -3 -2 -1\n", "name points that the file lacks"),
    ],
)
def test_unusable_file_is_refused_by_name(tmp_path: Path, name: str, text: str, says: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=says) as caught:
        read_surface(path, 1.0)
    assert str(path) in str(caught.value)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        read_surface(tmp_path / "bone.stl", 1.0)


# --- checking ---


@pytest.mark.parametrize("surface", [sphere(4), box((5.0, 6.0, 7.0)), split(split(box((5.0, 6.0, 7.0))))])
def test_sound_surface_passes(surface: Surface) -> None:
    """Neighbours, also those in one plane, do not count as crossing."""
    check_surface(surface, FILE)


def test_hole_is_found_where_it_is() -> None:
    whole = sphere(3)
    message = fault(Surface(whole.points, np.delete(whole.triangles, top(whole), axis=0)))
    assert message.startswith("bones/mt1.stl: 3 open edges, first at (")
    assert message.endswith("Repair the surface in the program it came from.")
    assert np.linalg.norm(place(message, "open edges") - whole.corners[top(whole)].mean(axis=0)) < 1.0


def test_flipped_triangle_is_found_where_it_is() -> None:
    whole = sphere(3)
    triangles = whole.triangles.copy()
    triangles[top(whole)] = triangles[top(whole), ::-1]
    message = fault(Surface(whole.points, triangles))
    assert "3 edges between triangles that face opposite ways" in message
    assert np.linalg.norm(place(message, "opposite") - whole.corners[top(whole)].mean(axis=0)) < 1.0


def test_fin_is_found_where_it_is() -> None:
    whole = sphere(3)
    tip = np.array([0.0, 0.0, 1.2 * RADIUS])
    fin = np.append(whole.triangles[top(whole), :2], len(whole.points))
    message = fault(Surface(np.vstack([whole.points, tip]), np.vstack([whole.triangles, fin])))
    assert "1 edges of more than two triangles" in message
    assert "2 open edges" in message
    assert np.linalg.norm(place(message, "more than two") - whole.points[fin[:2]].mean(axis=0)) < 0.1


def test_second_component_is_named_with_its_size_and_place() -> None:
    message = fault(joined(sphere(2), sphere(3, (30.0, 0.0, 0.0))))
    assert "2 components of 512, 128 triangles" in message
    assert "cross" not in message
    np.testing.assert_allclose(place(message, "components"), 0.0, atol=0.1)


def test_interpenetrating_spheres_are_two_components_that_cross() -> None:
    """Equal spheres at x = 0 and 12 meet in a circle at x = 6 of radius 8."""
    message = fault(joined(sphere(3), sphere(3, (12.0, 0.3, 0.2))))
    assert "2 components of 512, 512 triangles" in message
    x, y, z = place(message, "cross")
    assert x == pytest.approx(6.0, abs=0.8)
    assert np.hypot(y, z) == pytest.approx(8.0, abs=1.0)


def test_one_component_that_crosses_itself_is_found_where_it_is() -> None:
    """The north pole is pulled out through the south pole."""
    points = sphere(3).points.copy()
    points[np.argmax(points[:, 2])] = [0.0, 0.0, -1.5 * RADIUS]
    message = fault(Surface(points, sphere(3).triangles))
    assert "components" not in message
    assert np.linalg.norm(place(message, "cross") - [0.0, 0.0, -RADIUS]) < 1.5


@pytest.mark.parametrize(
    ("factor", "says"),
    [
        (1e-3, "longest extent 0.02 mm (allowed is 5 to 120 mm; is the unit metres?)"),
        (1e3, "longest extent 2e+04 mm (allowed is 5 to 120 mm; is the unit millimetres?)"),
        (0.1, "longest extent 2 mm (allowed is 5 to 120 mm; is the unit centimetres?)"),
    ],
)
def test_wrong_unit_is_guessed_from_the_size(factor: float, says: str) -> None:
    assert fault(Surface(factor * sphere(3).points, sphere(3).triangles)) == f"bones/mt1.stl: {says}."


def test_all_faults_come_in_one_message() -> None:
    whole = sphere(3)
    triangles = np.delete(whole.triangles, top(whole), axis=0)
    triangles[0] = triangles[0, ::-1]
    message = fault(joined(Surface(9.0 * whole.points, triangles), sphere(2, (90.0, 0.0, 0.0))))
    for says in ("longest extent 190 mm", "3 open edges", "3 edges between", "2 components", "that cross"):
        assert says in message


A = [[0.0, 0.0, 0.0], [4.0, 0.0, 0.0], [0.0, 4.0, 0.0]]


@pytest.mark.parametrize(
    ("other", "crosses"),
    [
        ([[1.0, 1.0, -1.0], [1.0, 1.0, 1.0], [9.0, 9.0, 0.0]], True),  # an edge pierces
        ([[1.0, 1.0, 0.5], [1.0, 1.0, 1.0], [9.0, 9.0, 0.7]], False),
        ([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [9.0, 9.0, 0.7]], False),  # touches with a corner
        ([[0.0, 0.0, 0.0], [4.0, 0.0, 0.0], [0.0, -4.0, 1.0]], False),  # shares an edge
        ([[0.0, 0.0, 0.0], [4.0, 0.0, 0.0], [0.0, 4.0, 1.0]], False),  # shares an edge, steeply folded
        ([[0.0, 0.0, 0.0], [4.0, 0.0, 0.0], [1.0, 3.0, 0.0]], True),  # folded back onto its neighbour
        ([[0.0, 0.0, 0.0], [-4.0, 0.0, 0.0], [0.0, -4.0, 0.0]], False),  # shares a corner in the plane
        ([[0.0, 0.0, 0.0], [3.0, 3.0, 1.0], [3.0, 3.0, -1.0]], True),  # shares a corner and pierces
        ([[0.0, 0.0, 0.0], [3.0, 3.0, 1.0], [3.0, 3.0, 2.0]], False),
        ([[1.0, 1.0, 0.0], [2.0, 1.0, 0.0], [1.0, 2.0, 0.0]], True),  # lies within, in the plane
        ([[5.0, 5.0, 0.0], [9.0, 5.0, 0.0], [5.0, 9.0, 0.0]], False),  # beside, in the plane
    ],
)
def test_crossing_of_two_triangles(other: list[list[float]], crosses: bool) -> None:
    for shift in (0.0, 1000.0):
        p, q = np.array([A]) + shift, np.array([other]) + shift
        assert crossing_triangles(p, q, 1e-9)[0] == crosses
        assert crossing_triangles(q[:, ::-1], p, 1e-9)[0] == crosses


def test_random_triangles_cross_if_an_edge_pierces() -> None:
    """Second route: solve a + s (b - a) = p0 + u (p1 - p0) + v (p2 - p0) for every edge and triangle."""

    def pierces(edges_of: Array, through: Array) -> NDArray[np.bool_]:
        found = np.zeros(len(edges_of), dtype=bool)
        for k in range(3):
            a, b = edges_of[:, k], edges_of[:, (k + 1) % 3]
            sides = through[:, 1:] - through[:, :1]
            matrix = np.stack([a - b, sides[:, 0], sides[:, 1]], axis=2)
            s, u, v = np.linalg.solve(matrix, (a - through[:, 0])[:, :, None])[:, :, 0].T
            found |= (s > 0) & (s < 1) & (u > 0) & (v > 0) & (u + v < 1)
        return found

    p, q = np.random.default_rng(5).normal(size=(2, 4000, 3, 3))
    want = pierces(p, q) | pierces(q, p)
    assert 0.1 < want.mean() < 0.9
    np.testing.assert_array_equal(crossing_triangles(p, q, 1e-12), want)


# --- distance ---


def test_sphere_is_its_radius_away() -> None:
    """Up to what the facets cut off, and the crease of the distance at the centre."""
    surface = sphere(4)
    normals = np.cross(*np.moveaxis(np.diff(surface.corners, axis=1), 1, 0))
    normals /= np.linalg.norm(normals, axis=1)[:, None]
    sagitta = RADIUS - np.einsum("ij,ij->i", normals, surface.corners[:, 0]).min()
    direction = np.random.default_rng(3).normal(size=(20000, 3))
    direction /= np.linalg.norm(direction, axis=1)[:, None]
    radii = np.random.default_rng(4).uniform(2.0, 17.0, (20000, 1))
    error = signed_distance(surface)(radii * direction) - (radii[:, 0] - RADIUS)
    assert sagitta < 0.1
    assert error.min() > -0.02
    assert error.max() < 0.02 + sagitta


def test_box_has_its_faces_and_its_distance() -> None:
    half = np.array([6.0, 4.0, 3.0])
    shape = signed_distance(box((6.0, 4.0, 3.0)))
    np.testing.assert_allclose(shape(np.diag(half)), 0.0, atol=1e-3)
    np.testing.assert_allclose(shape(np.diag(half + 1.5)), 1.5, atol=1e-3)
    np.testing.assert_allclose(shape(np.diag(half - 0.8)), -0.8, atol=1e-3)
    x = np.random.default_rng(6).uniform(-13.0, 13.0, (20000, 3))
    beyond = np.abs(x) - half
    want = np.linalg.norm(np.maximum(beyond, 0.0), axis=1) + np.minimum(beyond.max(axis=1), 0.0)
    near = np.abs(want) < 6.0
    assert np.abs(shape(x) - want)[near & (want > 0.5)].max() < 0.02
    assert np.abs(shape(x) - want)[near].max() < 0.1  # the creases and edges of the distance are rounded
    np.testing.assert_array_equal((shape(x) < 0.0)[np.abs(want) > 0.1], (want < 0.0)[np.abs(want) > 0.1])


def test_slope_is_continuous_across_the_cells_of_the_grid() -> None:
    """A kink of 1 % would give a second difference of 10 per mm at this step."""
    step = 1e-3
    line = np.arange(8.0, 12.0, step)[:, None] * np.array([0.6, 0.48, 0.64]) + np.array([0.3, 0.0, 0.1])
    assert np.abs(np.diff(signed_distance(sphere(4), margin_mm=3.0)(line), n=2)).max() / step**2 < 2.0


@pytest.mark.parametrize("margin", [0.0, 3.0])
def test_far_away_the_shape_is_a_continuous_lower_bound(margin: float) -> None:
    shape = signed_distance(sphere(4), margin_mm=margin)
    direction = np.random.default_rng(8).normal(size=(5000, 3))
    direction /= np.linalg.norm(direction, axis=1)[:, None]
    radii = np.geomspace(10.2, 300.0, 5000)[:, None]
    value, want = shape(radii * direction), radii[:, 0] - RADIUS
    assert np.all(value > 0.0)
    assert np.all(value < want + 0.1)
    assert np.all(value[want > 50.0] > 0.85 * want[want > 50.0])
    line = np.arange(9.0, 40.0, 1e-3)[:, None] * np.array([0.6, 0.0, 0.8])
    assert np.abs(np.diff(shape(line))).max() < 2e-3


def test_smoothing_rounds_a_box_and_keeps_a_sphere() -> None:
    smooth_box = signed_distance(box((6.0, 4.0, 3.0)), margin_mm=3.0, smoothing_mm=0.5)
    assert smooth_box(np.array([[6.0, 4.0, 3.0]]))[0] > 0.2
    np.testing.assert_allclose(smooth_box(np.diag([6.0, 4.0, 3.0])), 0.0, atol=0.01)
    surface = sphere(4)
    before, after = (signed_distance(surface, margin_mm=3.0, smoothing_mm=s) for s in (0.0, 0.8))
    moved = (after(surface.points) - before(surface.points)).mean()
    assert abs(moved) < 0.02  # a single Gaussian pass moves it by 0.8^2 / 10 = 0.064 mm


def test_negative_length_is_refused() -> None:
    with pytest.raises(ValueError, match="smoothing_mm=-1"):
        signed_distance(sphere(1), smoothing_mm=-1.0)


# --- real bones ---


@pytest.fixture(scope="module", params=list(PUBLISHED_MM3))
def bone(request: pytest.FixtureRequest) -> tuple[str, Surface]:
    path = BONES / f"{request.param}.stl"
    if not path.is_file():
        pytest.fail(
            f"{path} is missing: the folder 'shared' with the bone surfaces belongs beside the checkout"
        )
    return request.param, read_surface(path, 1000.0)


def test_bone_passes_the_check_and_has_its_volume(bone: tuple[str, Surface]) -> None:
    name, surface = bone
    check_surface(surface, BONES / f"{name}.stl")
    assert surface.volume_mm3 == pytest.approx(PUBLISHED_MM3[name], rel=0.01)


@pytest.mark.parametrize(("smoothing", "allowed"), [(0.0, 0.01), (0.5, 0.02)])
def test_shape_of_a_bone_keeps_its_volume(
    bone: tuple[str, Surface], smoothing: float, allowed: float
) -> None:
    surface = bone[1]
    shape = signed_distance(surface, margin_mm=1.0, smoothing_mm=smoothing)
    step = surface.volume_mm3 ** (1 / 3) / 45
    counted = counted_volume(shape, surface.points.min(axis=0), surface.points.max(axis=0), step)
    assert counted == pytest.approx(surface.volume_mm3, rel=allowed)


# --- placing ---


def turned(degrees: float) -> Array:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]]) @ np.array(
        [[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]]
    )


def test_placed_shape_is_moved_turned_and_scaled() -> None:
    """An exact ball off the origin: its centre and radius after the motion are known."""
    centre, source, target = (
        np.array([7.0, 1.0, -2.0]),
        np.array([1.0, 2.0, 3.0]),
        np.array([40.0, -5.0, 9.0]),
    )
    shape = placed(lambda x: np.linalg.norm(x - centre, axis=1) - 3.0, turned(35.0), source, target, 1.5)
    want = target + 1.5 * turned(35.0) @ (centre - source)
    x = np.random.default_rng(9).uniform(-30.0, 60.0, (200, 3))
    np.testing.assert_allclose(shape(x), np.linalg.norm(x - want, axis=1) - 4.5, rtol=1e-12, atol=1e-12)


def test_rotation_that_distorts_is_refused() -> None:
    with pytest.raises(ValueError, match="not orthogonal"):
        placed(lambda x: x[:, 0], 2.0 * np.eye(3), np.zeros(3), np.zeros(3))
    with pytest.raises(ValueError, match="must be positive"):
        placed(lambda x: x[:, 0], np.eye(3), np.zeros(3), np.zeros(3), 0.0)


def test_landmark_frame_points_from_base_to_head_with_dorsal_across() -> None:
    base, head, hint = np.array([1.0, 2.0, 3.0]), np.array([11.0, 2.0, 1.0]), np.array([3.0, 0.5, 2.0])
    frame = landmark_frame(base, head, hint)
    along, dorsal, medial = frame.local(np.stack([head, base + hint]))
    np.testing.assert_allclose([along[0], dorsal[0], medial[0]], [np.sqrt(104.0), 0.0, 0.0], atol=1e-12)
    assert dorsal[1] > 0.0
    assert medial[1] == pytest.approx(0.0)
    assert np.linalg.norm(frame.dorsal) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("head", "hint", "says"),
    [
        ([0.0, 0.0, 0.0], [0.0, 0.0, 1.0], r"same point \(0, 0, 0\) mm"),
        ([9.0, 0.0, 0.0], [1.0, 0.0, 0.1], "within 10 degrees of the axis"),
        ([9.0, 0.0, 0.0], [0.0, 0.0, 0.0], r"dorsal = \(0, 0, 0\)"),
    ],
)
def test_landmarks_without_a_direction_are_refused(head: list[float], hint: list[float], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        landmark_frame(np.zeros(3), head, hint)


def test_sphere_is_recovered_from_a_cap() -> None:
    points = sphere(4, (3.0, -4.0, 50.0)).points
    centre, radius, rms = fit_sphere(points[points[:, 2] > 55.0])
    np.testing.assert_allclose([*centre, radius, rms], [3.0, -4.0, 50.0, RADIUS, 0.0], atol=1e-6)
    assert fit_sphere(points + np.random.default_rng(1).normal(0.0, 0.1, points.shape))[2] == pytest.approx(
        0.1, rel=0.1
    )
