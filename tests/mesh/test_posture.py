"""The bones stand as the rule says: flat if the joint allows, else pointing down with the ray raised."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.config import Case
from pipeline.errors import ConfigError
from pipeline.mesh.bones import bones_of
from pipeline.mesh.joints import sesamoid_shape
from pipeline.mesh.posture import Posture, groove, plan_distance, sesamoids_under, spans_of, stand
from tests.mesh.variation import with_value

TILT_DEG = 1.3
"""The sesamoids turn with the toe under the head, which then stands up to 0.7 mm higher or lower, and the
phalanx that lies flat from there on the floor is that much steeper."""

GIVEN = {"source": "A test", "status": "assumed"}


def lowest_room(case: Case, posture: Posture) -> float:
    """Smallest height of a landmark of the first ray above just touching."""
    heights, spans = posture.heights, spans_of(case)
    tip = posture.ip + spans.dp1 * posture.dp1.axis
    return float(
        min(posture.mtp1[2] - heights.mt1_head, posture.ip[2] - heights.ip, tip[2] - heights.hallux_tip)
    )


def test_normal_hallux_lies_flat(normal: Case) -> None:
    posture = stand(normal)
    assert posture.first_ray_elevation_deg == 0.0
    assert posture.mtp1[2] == pytest.approx(posture.heights.mt1_head)
    assert posture.ip[2] == pytest.approx(posture.heights.ip)
    assert lowest_room(normal, posture) == pytest.approx(0.0, abs=1e-9)


def test_normal_joint_follows_the_heel(normal: Case) -> None:
    flat_foot = stand(with_value(normal, "posture.heel_rise_deg.push_off", 0.0))
    raised = stand(with_value(normal, "posture.heel_rise_deg.push_off", 30.0))
    assert raised.mtp1_dorsiflexion_deg - flat_foot.mtp1_dorsiflexion_deg == pytest.approx(30.0, abs=TILT_DEG)
    assert raised.hallux_declination_deg == pytest.approx(flat_foot.hallux_declination_deg, abs=TILT_DEG)


def test_stiff_joint_stops_at_its_limit_and_the_ray_rises(stiff: Case) -> None:
    case = with_value(stiff, "joint.max_dorsiflexion_deg", 20.0)
    flat_foot, raised = stand(with_value(case, "posture.heel_rise_deg.push_off", 0.0)), stand(case)
    assert case.posture.tilt_deg > 20.0
    assert raised.mtp1_dorsiflexion_deg - flat_foot.mtp1_dorsiflexion_deg == pytest.approx(20.0, abs=TILT_DEG)
    assert raised.first_ray_elevation_deg > 0.0
    assert lowest_room(case, raised) == pytest.approx(0.0, abs=1e-8)
    assert raised.mtp1[2] > raised.heights.mt1_head + 1.0


def test_more_motion_means_less_elevation(stiff: Case) -> None:
    limits = (10.0, 20.0, 30.0, 60.0)
    lifts = [
        stand(with_value(stiff, "joint.max_dorsiflexion_deg", v)).first_ray_elevation_deg for v in limits
    ]
    assert lifts == sorted(lifts, reverse=True)
    assert lifts[-1] == 0.0


def test_fused_joint_keeps_its_angle_whatever_the_heel_does(fused: Case) -> None:
    for heel_rise in (0.0, 20.0, 35.0):
        posture = stand(with_value(fused, "posture.heel_rise_deg.push_off", heel_rise))
        assert posture.mtp1_dorsiflexion_deg == pytest.approx(25.0)
        angle = np.degrees(np.arccos(posture.mt1.axis @ posture.pp1.axis))
        assert angle == pytest.approx(25.0, abs=3.0)  # valgus adds a little sideways


def test_toe_fused_too_high_does_not_reach_the_floor(fused: Case) -> None:
    case = with_value(fused, "posture.heel_rise_deg.push_off", 10.0)
    posture = stand(with_value(case, "joint.dorsiflexion_to_mt1_deg", 40.0))
    assert posture.first_ray_elevation_deg == 0.0
    assert posture.ip[2] > posture.heights.ip + 5.0


def test_shortening_brings_the_joint_closer(fused: Case) -> None:
    spans = [spans_of(with_value(fused, "joint.shortening_mm", s)).pp1 for s in (0.0, 5.0)]
    assert spans[0] - spans[1] == pytest.approx(5.0)


def test_variants_share_base_and_second_ray(normal: Case, stiff: Case, fused: Case) -> None:
    postures = [stand(case) for case in (normal, stiff, fused)]
    for posture in postures[1:]:
        np.testing.assert_allclose(
            posture.mt1.origin, postures[0].mt1.origin, atol=0.5
        )  # sesamoids follow the toe
        np.testing.assert_allclose(posture.mt2.origin, postures[0].mt2.origin)
        np.testing.assert_allclose(posture.mtp2, postures[0].mtp2)


def test_impossible_posture_is_refused(stiff: Case) -> None:
    case = with_value(
        with_value(stiff, "joint.max_dorsiflexion_deg", 0.0), "posture.heel_rise_deg.push_off", 60.0
    )
    with pytest.raises(ConfigError, match="heel_rise_deg"):
        stand(case)


def test_pad_under_the_sesamoids_is_as_thick_as_wanted(normal: Case) -> None:
    posture = stand(normal)
    pair = sesamoids_under(normal, groove(posture.mtp1, posture.mt1, posture.pp1))
    lowest = min(each.lowest for each in pair)
    assert lowest == pytest.approx(normal.anatomy.pad_mt1_mm.value, abs=1e-5)


def test_lowest_point_of_a_sesamoid_is_that_of_its_shape(normal: Case) -> None:
    posture = stand(normal)
    for each in sesamoids_under(normal, groove(posture.mtp1, posture.mt1, posture.pp1)):
        shape = sesamoid_shape(each, bones_of(normal, posture)["mt1"].outer, 1.0)
        x = each.frame.origin + np.random.default_rng(0).uniform(-8.0, 8.0, (400000, 3))
        assert x[shape(x) < 0.0, 2].min() == pytest.approx(each.lowest, abs=0.05)


def test_raised_head_is_higher_by_what_was_asked(normal: Case) -> None:
    before, after = stand(normal), stand(with_value(normal, "posture.mt1_head_elevation_mm", 5.0))
    assert after.mtp1[2] - before.mtp1[2] == pytest.approx(5.0)
    np.testing.assert_allclose(after.mt1.origin, before.mt1.origin)
    assert after.ip[2] == pytest.approx(before.ip[2])


def test_shorter_metatarsal_sets_the_head_back(normal: Case) -> None:
    before, after = stand(normal), stand(with_value(normal, "anatomy.mt1_length_change_mm", -8.0))
    assert np.linalg.norm(after.mtp1 - after.mt1.origin) == pytest.approx(
        np.linalg.norm(before.mtp1 - before.mt1.origin) - 8.0
    )
    assert after.mtp2[0] - after.mtp1[0] == pytest.approx(before.mtp2[0] - before.mtp1[0] + 8.0)


def test_pronation_turns_the_dorsum_medially_and_moves_no_joint(normal: Case) -> None:
    before, after = (stand(with_value(normal, "posture.mt1_pronation_deg", v)) for v in (0.0, 15.0))
    assert before.mt1.medial @ after.mt1.dorsal == pytest.approx(np.sin(np.radians(15.0)))
    np.testing.assert_allclose(after.mt1.axis, before.mt1.axis, atol=1e-12)


def test_fusion_sets_valgus_and_rotation(fused: Case) -> None:
    case = with_value(with_value(fused, "joint.valgus_deg", 15.0), "joint.rotation_deg", 10.0)
    posture = stand(case)
    turned = [np.degrees(np.arctan2(axis[1], axis[0])) for axis in (posture.mt1.axis, posture.pp1.axis)]
    assert turned[0] - turned[1] == pytest.approx(15.0)
    upright = np.array([0.0, 0.0, 1.0]) - posture.pp1.axis[2] * posture.pp1.axis
    lean = np.degrees(np.arccos(posture.pp1.dorsal @ upright / np.linalg.norm(upright)))
    assert lean == pytest.approx(10.0 + case.posture.mt1_pronation_deg.value)


def test_wanted_dorsiflexion_takes_the_place_of_the_rule(normal: Case) -> None:
    wanted = stand(with_value(normal, "posture.mtp1_dorsiflexion_deg", GIVEN | {"value": 40.0}))
    more = wanted.mtp1_dorsiflexion_deg - stand(normal).mtp1_dorsiflexion_deg
    assert more == pytest.approx(5.0, abs=TILT_DEG)
    toe = stand(with_value(normal, "posture.mtp2_dorsiflexion_deg", GIVEN | {"value": 40.0}))
    assert toe.mtp2_dorsiflexion_deg == 40.0
    assert toe.pip2[2] > stand(normal).pip2[2]
    with pytest.raises(ConfigError, match=r"posture\.mtp2_dorsiflexion_deg: at 20 degrees"):
        stand(with_value(normal, "posture.mtp2_dorsiflexion_deg", GIVEN | {"value": 20.0}))


def test_crowding_hallux_pushes_the_second_toe_aside(normal: Case) -> None:
    straight, valgus = stand(normal), stand(with_value(normal, "posture.hallux_valgus_deg", 25.0))
    assert valgus.pp2.axis[1] < straight.pp2.axis[1] - 0.05
    hallux = valgus.mtp1, valgus.dp1.at(normal.anatomy.dp1.length_mm.value)
    assert plan_distance(valgus.dp2.at(10.0)[None], *hallux)[0] > 15.0
    with pytest.raises(ConfigError, match=r"posture\.hallux_valgus_deg: hallux and second toe would meet"):
        stand(with_value(normal, "posture.hallux_valgus_deg", 60.0))


def test_unreachable_elevation_is_refused(normal: Case) -> None:
    with pytest.raises(ConfigError, match=r"posture\.mt1_head_elevation_mm: -40 mm cannot be reached"):
        stand(with_value(normal, "posture.mt1_head_elevation_mm", -40.0))
