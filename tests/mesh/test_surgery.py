"""What disease and surgery add has the measures of the joint block, as shapes."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.config import Case, load_case, sized
from pipeline.config.hardware import CrossedScrews, PlateAndScrews
from pipeline.config.joint import FusedJoint
from pipeline.errors import ConfigError
from pipeline.mesh.bones import SolidBone, bones_of
from pipeline.mesh.implicit import Array, Shape
from pipeline.mesh.posture import Posture, stand
from pipeline.mesh.surgery import (
    SPUR_CLEARANCE_MM,
    callus,
    crossed_screws,
    fused_bone,
    hardware_parts,
    implant,
    joint_line,
    osteophyte,
    plate_screws,
    sclerosis,
)
from pipeline.regions import Region
from tests.mesh.conftest import CASES
from tests.mesh.variation import with_value


def opened(name: str) -> tuple[Case, Posture, dict[str, SolidBone]]:
    """A shipped case, how it stands, and its bones."""
    case = sized(load_case(CASES / f"{name}.yaml"))
    posture = stand(case)
    return case, posture, bones_of(case, posture)


def around(posture: Posture, count: int = 200_000) -> Array:
    """Points within 22 mm of the big-toe joint."""
    return posture.mtp1 + np.random.default_rng(12).uniform(-22.0, 22.0, (count, 3))


def inside(shape: Shape, x: Array) -> Array:
    return x[shape(x) < 0.0]


def fused_with(name: str) -> tuple[Case, Posture, dict[str, SolidBone], FusedJoint]:
    case, posture, bones = opened(name)
    assert isinstance(case.joint, FusedJoint)
    return case, posture, bones, case.joint


def test_a_normal_joint_has_nothing_added() -> None:
    case, posture, bones = opened("normal")
    for added in (osteophyte, sclerosis, callus, implant):
        assert added(case, posture, bones) == []
    assert hardware_parts(case, posture, bones) == ([], [])


def test_crossed_screws_pass_each_other_at_their_spacing() -> None:
    """Each at its angle to the joint, as long as wanted, from one side of the joint line to the other."""
    case, posture, _, joint = fused_with("fused_screws")
    assert isinstance(joint.hardware, CrossedScrews)
    frame = joint_line(case, posture)
    (a, b, radius), (c, d, _) = crossed_screws(joint.hardware, frame)
    assert radius == joint.hardware.diameter_mm.value / 2.0
    ways = []
    for start, end in ((a, b), (c, d)):
        assert np.linalg.norm(end - start) == pytest.approx(joint.hardware.length_mm.value)
        ways.append((end - start) / np.linalg.norm(end - start))
        angle = np.degrees(np.arccos(ways[-1] @ frame.axis))
        assert angle == pytest.approx(joint.hardware.angle_deg.value)
        assert (start - frame.origin) @ frame.axis < -8.0 < 8.0 < (end - frame.origin) @ frame.axis
    across = np.cross(ways[0], ways[1])
    apart = abs((c - a) @ across) / np.linalg.norm(across)
    assert apart == pytest.approx(joint.hardware.spacing_mm.value)


@pytest.mark.parametrize("side", ["dorsal", "medial"])
def test_plate_lies_on_its_face_and_is_as_thick_as_wanted(side: str) -> None:
    case, posture, bones, _ = fused_with("fused_plate")
    case = with_value(case, "joint.hardware.side", side)
    (screws,), (plate,) = hardware_parts(case, posture, bones)
    assert (screws.region, plate.region) == (Region.SCREWS, Region.PLATE)
    frame, bone = joint_line(case, posture), fused_bone(case, bones)
    outward = frame.dorsal if side == "dorsal" else frame.medial
    metal = inside(plate.shape, around(posture))
    metal = metal[bone(metal) > 0.0]
    assert len(metal) > 1000
    assert np.all((metal - frame.origin) @ outward > 2.0)
    assert bone(metal).max() == pytest.approx(1.6, abs=0.05)
    assert np.abs((metal - frame.origin) @ np.cross(outward, frame.axis)).max() == pytest.approx(4.5, abs=0.1)


def test_plate_has_its_screws_and_may_not_be_longer_than_the_bones() -> None:
    """Two locking screws a bone that stop 13 mm below its surface, and a lag screw across the joint."""
    case, posture, bones, joint = fused_with("fused_plate")
    assert isinstance(joint.hardware, PlateAndScrews)
    frame, bone = joint_line(case, posture), fused_bone(case, bones)
    *locking, lag = plate_screws(joint.hardware, frame, bone)
    assert [np.sign((end - frame.origin) @ frame.axis) for _, end, _ in locking] == [-1.0, -1.0, 1.0, 1.0]
    for deep, _, _ in locking:
        assert abs(bone((deep + 13.0 * frame.dorsal)[None])[0]) < 1e-5
    assert (lag[0] - frame.origin) @ frame.axis < -8.0 < 8.0 < (lag[1] - frame.origin) @ frame.axis
    with pytest.raises(ConfigError, match=r"joint\.hardware\.length_mm: a locking screw of the plate misses"):
        hardware_parts(with_value(case, "joint.hardware.length_mm", 120.0), posture, bones)


def test_sleeve_of_bone_lies_around_screws_and_inside_bone() -> None:
    """Nothing of it is further from a screw's axis than radius and sleeve, and it reaches that far."""
    case, posture, bones, joint = fused_with("fused_screws")
    assert isinstance(joint.hardware, CrossedScrews)
    data = case.resolved()
    data["joint"]["hardware"]["interface_mm"] = {"value": 0.4, "source": "A test", "status": "assumed"}
    data["joint"]["tissues"]["screw_interface"] = "trabecular"
    (screws, sleeve), plate = hardware_parts(Case.model_validate(data), posture, bones)
    assert plate == []
    assert (screws.region, sleeve.region) == (Region.SCREWS, Region.SCREW_INTERFACE)
    x = inside(sleeve.shape, around(posture))
    x = x[screws.shape(x) > 0.0]
    lines = [
        (a, (b - a) / np.linalg.norm(b - a))
        for a, b, _ in crossed_screws(joint.hardware, joint_line(case, posture))
    ]
    away = np.min([np.linalg.norm(np.cross(x - a, way), axis=1) for a, way in lines], axis=0)
    assert fused_bone(case, bones)(x).max() <= 0.0
    assert away.max() == pytest.approx(2.0 + 0.4, abs=0.02)


def test_plug_is_as_deep_and_as_proud_as_wanted() -> None:
    """Along the toe's axis from 9 mm below the tip of the head to 1.2 mm above it, 5 mm around."""
    case, posture, bones = opened("implant")
    (plug,) = implant(case, posture, bones)
    tip, axis = posture.mtp1 + case.anatomy.mt1_head_radius_mm.value * posture.pp1.axis, posture.pp1.axis
    for along in (-9.0, 1.2):
        assert plug.shape((tip + along * axis)[None])[0] == pytest.approx(0.0, abs=1e-9)
    assert plug.shape((tip - 4.0 * axis + 5.0 * posture.pp1.medial)[None])[0] == pytest.approx(0.0, abs=1e-9)


def test_cap_lines_the_base_of_the_phalanx_and_stays_within_it() -> None:
    case, posture, bones = opened("implant_hemi")
    (metal,) = implant(case, posture, bones)
    x = inside(metal.shape, around(posture))
    assert len(x) > 1000
    assert bones["pp1"].outer(x).max() <= 0.0
    off = np.linalg.norm(np.cross(x - posture.pp1.origin, posture.pp1.axis), axis=1)
    depth = -bones["pp1"].base(x)
    assert depth[off > 2.1].max() == pytest.approx(2.0, abs=0.05)  # the cap beside its stem
    assert off.max() == pytest.approx(8.0, abs=0.15)
    along = np.linspace(0.0, 20.0, 20001)
    stem = along[metal.shape(posture.pp1.origin + along[:, None] * posture.pp1.axis) < 0.0]
    assert stem.max() == pytest.approx(2.0 + 12.0, abs=0.002)


def test_osteophyte_is_as_high_as_wanted_and_clear_of_the_phalanx() -> None:
    case, posture, bones = opened("stiff")
    (spur,) = osteophyte(case, posture, bones)
    x = inside(spur.shape, around(posture))
    rise = (x - posture.mtp1) @ posture.mt1.dorsal - case.anatomy.mt1_head_radius_mm.value
    assert 4.7 < rise.max() < 5.0  # few points lie in the very tip
    radius = case.anatomy.mt1_head_radius_mm.value
    tip = posture.mt1.moved(posture.mtp1).at(0.15 * radius, radius + 5.0)
    assert spur.shape(tip[None])[0] == pytest.approx(0.0, abs=1e-9)
    assert bones["pp1"].outer(x).min() >= SPUR_CLEARANCE_MM


def test_dense_bone_replaces_cancellous_bone_to_its_depth() -> None:
    case, posture, bones = opened("stiff")
    (dense,) = sclerosis(case, posture, bones)
    x = inside(dense.shape, around(posture))
    depth = np.maximum(-bones["mt1"].core(x), -bones["pp1"].core(x))
    assert len(x) > 300
    assert depth.min() >= 0.0
    assert depth.max() == pytest.approx(1.0, abs=0.05)
    for name in ("mt1", "pp1"):
        assert np.any(bones[name].core(x) < 0.0), name
    data = case.resolved()
    data["joint"]["sclerosis_depth_mm"]["value"] = 0.0
    del data["joint"]["tissues"]["sclerosis"]
    assert sclerosis(Case.model_validate(data), posture, bones) == []


def test_callus_fills_the_joint_and_reaches_its_margin_into_both_bones() -> None:
    case, posture, bones, joint = fused_with("fused")
    (bridge,) = callus(case, posture, bones)
    axis, reach = posture.pp1.axis, 30.0
    t = np.linspace(0.0, reach, 30001)
    filled = t[bridge.shape(posture.mtp1 + t[:, None] * axis) < 0.0]
    end = (posture.pp1.origin - posture.mtp1) @ axis
    space, margin = joint.joint_space_mm.value, joint.callus_margin_mm.value
    assert filled.max() == pytest.approx(end + margin, abs=0.1)
    assert filled.min() == pytest.approx(end - space - margin, abs=0.2)  # the barrel is wider off its middle
    assert np.all(np.diff(filled) < 0.002)
