"""The bones stand as the rule says: flat if the joint allows, else pointing down with the ray raised."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.config import Case
from pipeline.errors import ConfigError
from pipeline.mesh.posture import Posture, heights_of, spans_of, stand
from tests.mesh.variation import with_value


def lowest_room(case: Case, posture: Posture) -> float:
    """Smallest height of a landmark of the first ray above just touching."""
    heights, spans = heights_of(case), spans_of(case)
    tip = posture.ip + spans.dp1 * posture.dp1.axis
    return float(
        min(posture.mtp1[2] - heights.mt1_head, posture.ip[2] - heights.ip, tip[2] - heights.hallux_tip)
    )


def test_normal_hallux_lies_flat(normal: Case) -> None:
    posture = stand(normal)
    assert posture.first_ray_elevation_deg == 0.0
    assert posture.mtp1[2] == pytest.approx(heights_of(normal).mt1_head)
    assert posture.ip[2] == pytest.approx(heights_of(normal).ip)
    assert lowest_room(normal, posture) == pytest.approx(0.0, abs=1e-9)


def test_normal_joint_follows_the_heel(normal: Case) -> None:
    flat_foot = stand(with_value(normal, "posture.heel_rise_deg", 0.0))
    raised = stand(with_value(normal, "posture.heel_rise_deg", 30.0))
    assert raised.mtp1_dorsiflexion_deg - flat_foot.mtp1_dorsiflexion_deg == pytest.approx(30.0)
    assert raised.hallux_declination_deg == pytest.approx(flat_foot.hallux_declination_deg)


def test_stiff_joint_stops_at_its_limit_and_the_ray_rises(stiff: Case) -> None:
    case = with_value(stiff, "joint.max_dorsiflexion_deg", 20.0)
    flat_foot, raised = stand(with_value(case, "posture.heel_rise_deg", 0.0)), stand(case)
    assert case.posture.heel_rise_deg.value > 20.0
    assert raised.mtp1_dorsiflexion_deg - flat_foot.mtp1_dorsiflexion_deg == pytest.approx(20.0)
    assert raised.first_ray_elevation_deg > 0.0
    assert lowest_room(case, raised) == pytest.approx(0.0, abs=1e-8)
    assert raised.mtp1[2] > heights_of(case).mt1_head + 1.0


def test_more_motion_means_less_elevation(stiff: Case) -> None:
    limits = (10.0, 20.0, 30.0, 60.0)
    lifts = [
        stand(with_value(stiff, "joint.max_dorsiflexion_deg", v)).first_ray_elevation_deg for v in limits
    ]
    assert lifts == sorted(lifts, reverse=True)
    assert lifts[-1] == 0.0


def test_fused_joint_keeps_its_angle_whatever_the_heel_does(fused: Case) -> None:
    for heel_rise in (0.0, 20.0, 35.0):
        posture = stand(with_value(fused, "posture.heel_rise_deg", heel_rise))
        assert posture.mtp1_dorsiflexion_deg == pytest.approx(25.0)
        angle = np.degrees(np.arccos(posture.mt1.axis @ posture.pp1.axis))
        assert angle == pytest.approx(25.0, abs=3.0)  # hallux valgus adds a little sideways


def test_toe_fused_too_high_does_not_reach_the_floor(fused: Case) -> None:
    case = with_value(fused, "posture.heel_rise_deg", 10.0)
    posture = stand(with_value(case, "joint.dorsiflexion_to_mt1_deg", 40.0))
    assert posture.first_ray_elevation_deg == 0.0
    assert posture.ip[2] > heights_of(case).ip + 5.0


def test_shortening_brings_the_joint_closer(fused: Case) -> None:
    spans = [spans_of(with_value(fused, "joint.shortening_mm", s)).pp1 for s in (0.0, 5.0)]
    assert spans[0] - spans[1] == pytest.approx(5.0)


def test_variants_share_base_and_second_ray(normal: Case, stiff: Case, fused: Case) -> None:
    postures = [stand(case) for case in (normal, stiff, fused)]
    for posture in postures[1:]:
        np.testing.assert_allclose(posture.mt1.origin, postures[0].mt1.origin)
        np.testing.assert_allclose(posture.mt2.origin, postures[0].mt2.origin)
        np.testing.assert_allclose(posture.mtp2, postures[0].mtp2)


def test_impossible_posture_is_refused(stiff: Case) -> None:
    case = with_value(with_value(stiff, "joint.max_dorsiflexion_deg", 0.0), "posture.heel_rise_deg", 60.0)
    with pytest.raises(ConfigError, match="heel_rise_deg"):
        stand(case)
