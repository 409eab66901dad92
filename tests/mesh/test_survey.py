"""Measuring tools give known answers, and the shipped foot at level medium is the foot that was asked for."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.config import Case, sized
from pipeline.mesh.build import Built, build, quality_of
from pipeline.mesh.implicit import Frame
from pipeline.mesh.quality import quality_faults
from pipeline.mesh.rays import Body, section
from pipeline.mesh.survey import elements_across, survey
from pipeline.regions import Region
from tests.mesh.variation import with_value
from tests.solve.boxes import box

UPRIGHT = Frame(np.zeros(3), np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0]))


@pytest.fixture(scope="module")
def bar() -> Body:
    """A bar 8 x 2 x 3 mm: the lower third cancellous, the rest cortical bone."""
    points, cells = box((8.0, 2.0, 3.0), (8, 2, 3))
    low = points[cells].mean(axis=1)[:, 2] < 1.0
    return Body(points, cells, np.where(low, int(Region.MT1_CORE), int(Region.MT1_CORTEX)))


def test_a_line_meets_the_surface_of_a_bar(bar: Body) -> None:
    origin, up = np.array([3.3, 0.8, 0.5]), np.array([0.0, 0.0, 1.0])
    both = Region.MT1_CORE, Region.MT1_CORTEX
    np.testing.assert_allclose(bar.hits(origin, up, *both), [-0.5, 2.5], atol=1e-12)
    np.testing.assert_allclose(bar.hits(origin, up, Region.MT1_CORTEX), [0.5, 2.5], atol=1e-12)
    assert len(bar.hits(np.array([9.0, 0.0, 0.0]), up, *both)) == 0


def test_cells_across_a_bar(bar: Body) -> None:
    """Through a stack of cubes of six tetrahedra each, a line meets at least one cell a cube."""
    origin, up = np.array([3.31, 0.83, 0.5]), np.array([0.0, 0.0, 1.0])
    upper = bar.crossed(origin, up, Region.MT1_CORTEX)
    assert 2 <= upper <= 8
    assert bar.crossed(origin, up, Region.MT1_CORE) + upper == bar.crossed(
        origin, up, Region.MT1_CORE, Region.MT1_CORTEX
    )


def test_section_of_a_bar_is_exact(bar: Body) -> None:
    """A = b h, I = b h^3 / 12 about each axis, wherever the plane and its origin are."""
    frame = UPRIGHT.moved(np.array([3.37, 0.4, 0.9]))
    area, up, sideways = section(bar.points, bar.cells, frame)
    assert area == pytest.approx(6.0, rel=1e-12)
    assert up == pytest.approx(2.0 * 3.0**3 / 12.0, rel=1e-12)
    assert sideways == pytest.approx(3.0 * 2.0**3 / 12.0, rel=1e-12)


def test_lowest_vertex_is_looked_for_in_plan(bar: Body) -> None:
    assert bar.lowest(np.array([1.0, 1.0, 9.0]), 1.1, Region.MT1_CORTEX) == pytest.approx(1.0)


@pytest.fixture(scope="module")
def medium(normal: Case) -> tuple[Built, Case]:
    case = sized(with_value(normal, "mesh.level", "medium"))
    return build(case), case


def test_every_measure_is_inside(medium: tuple[Built, Case]) -> None:
    lines = survey(*medium)
    assert len(lines) > 50
    assert [(line.what, line.wanted, line.measured) for line in lines if not line.inside] == []


def test_layers_have_their_elements(medium: tuple[Built, Case]) -> None:
    """At least three cells across the layers of a joint, two across each cortex, on every line."""
    across = elements_across(*medium)
    assert min(across["MTP1 layers"]) >= 3
    assert min(across["IP layers"]) >= 3
    for name in ("mt1", "pp1", "dp1", "mt2", "pp2", "dp2"):
        assert min(across[f"{name} cortex"]) >= 2


def test_medium_mesh_passes_every_gate(medium: tuple[Built, Case]) -> None:
    assert quality_faults(quality_of(medium[0]), 1.0) == []


VHF_LENGTH_MM = {"mt1": 66.4, "pp1": 36.2 - 2.5, "dp1": 29.3, "mt2": 73.6, "pp2": 31.9, "dp2": 27.3}
"""Longest axes; that of the proximal phalanx includes the rim of its socket, about 2.5 mm deep, which the
configured length leaves out."""
VHF_VOLUME_MM3 = {"mt1": 15541, "pp1": 5632, "dp1": 2674, "mt2": 7286, "pp2": 1931, "dp2": 739 + 385}


def test_bones_sized_like_the_measured_ones_have_like_volumes(normal: Case) -> None:
    """Sections are those of the measured bones; at their lengths volumes agree within 25 %."""
    case = with_value(normal, "mesh.level", "coarse")
    for name, length in VHF_LENGTH_MM.items():
        case = with_value(case, f"anatomy.{name}.length_mm", length)
    volume = quality_of(build(case)).volume_mm3
    for name, wanted in VHF_VOLUME_MM3.items():
        found = volume[f"{name}_core"] + volume[f"{name}_cortex"]
        assert found == pytest.approx(wanted, rel=0.25), name
