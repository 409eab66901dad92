"""Bones have the walls, the bow and the length their configuration asks for."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq

from pipeline.config import Case
from pipeline.mesh.anatomy import bones_of
from pipeline.mesh.bones import centre_line, cortex_thickness
from pipeline.mesh.implicit import Frame, Shape
from pipeline.mesh.posture import stand
from tests.mesh.variation import with_value


def side_of(shape: Shape, frame: Frame, along: float, rise: float) -> float:
    """Half width of a shape on the medial side of its centre line at a position, mm."""
    return float(brentq(lambda m: shape(frame.at(along, rise, m)[None])[0], 0.0, 20.0, xtol=1e-10))


@pytest.mark.parametrize("fraction", [0.15, 0.2, 0.35, 0.5, 0.65, 0.8])
def test_cortex_has_the_thickness_of_the_configuration(normal: Case, fraction: float) -> None:
    bone, frame = normal.anatomy.mt2, stand(normal).mt2
    solid = bones_of(normal, stand(normal))["mt2"]
    along = fraction * bone.length_mm.value
    rise = float(centre_line(bone, np.array([fraction]))[0])
    wall = side_of(solid.outer, frame, along, rise) - side_of(solid.core, frame, along, rise)
    want = cortex_thickness(bone, normal.anatomy.shape, np.array([fraction]))[0]
    assert wall == pytest.approx(want, abs=0.02)


def test_outer_width_is_that_of_the_sections(normal: Case) -> None:
    bone, frame = normal.anatomy.mt2, stand(normal).mt2
    outer = bones_of(normal, stand(normal))["mt2"].outer
    for fraction, width in zip(bone.sections.fraction[:5], bone.sections.mediolateral_mm, strict=False):
        rise = float(centre_line(bone, np.array([fraction]))[0])
        half = side_of(outer, frame, fraction * bone.length_mm.value, rise)
        assert 2.0 * half == pytest.approx(width, abs=0.06)


def test_bow_rises_by_its_sagitta_between_its_ends(normal: Case) -> None:
    bone = normal.anatomy.mt2
    rise = centre_line(bone, np.array([0.0, 0.2, 0.5, 0.8, 1.0]))
    np.testing.assert_allclose(rise, [0.0, 0.0, bone.sagittal_bow_mm.value, 0.0, 0.0], atol=1e-12)


def test_shortening_leaves_the_ip_end_of_the_phalanx_as_it_was(fused: Case) -> None:
    """Sections seen from the IP joint are the same whatever surgery took from the base."""
    halves = []
    for shortening in (0.0, 5.0):
        case = with_value(fused, "joint.shortening_mm", shortening)
        posture = stand(case)
        outer = bones_of(case, posture)["pp1"].outer
        from_joint = Frame(posture.ip, posture.pp1.axis, posture.pp1.dorsal)
        halves.append([side_of(outer, from_joint, -back, 0.0) for back in (2.0, 6.0, 10.0)])
    np.testing.assert_allclose(halves[1], halves[0], atol=0.02)
