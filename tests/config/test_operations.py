"""Wrong operations, shoes and skins are refused with one clear line at the right place."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config import dump_yaml, load_case, sized
from pipeline.config.write import CONFIGS
from pipeline.regions import Region
from tests.config.conftest import HEAD, Refusal

GIVEN = 'source: "A test", status: assumed'


def number(value: float) -> str:
    return f"{{value: {value}, {GIVEN}}}"


@pytest.fixture
def whole(folder: Path) -> None:
    """Fused and implanted cases beside the normal one, each in full."""
    for name in ("fused", "fused_screws", "implant", "implant_hemi"):
        text = dump_yaml(load_case(CONFIGS / "cases" / f"{name}.yaml"))
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


def head(name: str) -> str:
    return HEAD.replace("normal", name)


@pytest.mark.usefixtures("whole")
@pytest.mark.parametrize(
    ("base", "body", "line"),
    [
        (
            "fused",
            "joint: {hardware: {kind: nails}}\n",
            "case.yaml:3:20: joint.hardware.kind: 'nails' is not allowed; one of crossed_screws, none, plate",
        ),
        (
            "fused_screws",
            f"joint: {{hardware: {{spacing_mm: {number(4.2)}}}}}\n",
            "joint.hardware.spacing_mm.value: 4.2 lets the screws meet; must be at least 4.5",
        ),
        (
            "fused",
            "joint: {healing: fibros}\n",
            "case.yaml:3:9: joint.healing: 'fibros' is not allowed; one of granulation, fibrous, cartilage, "
            "immature_bone, mature_bone, remodelled; did you mean 'fibrous'?",
        ),
        (
            "fused",
            "joint: {tissues: {screws: cortical}}\n",
            "case.yaml:3:19: joint.tissues.screws: no such region; regions here are: mtp1_capsule",
        ),
        (
            "implant",
            f"joint: {{device: {{protrusion_mm: {number(1.5)}}}}}\n",
            "joint.device.protrusion_mm.value: 1.5 meets the phalanx; at most 1.2 fits",
        ),
        (
            "implant_hemi",
            f"joint: {{cartilage_pp1_mm: {number(0.5)}, tissues: {{mtp1_cartilage_pp1: cartilage}}}}\n",
            "joint.cartilage_pp1_mm: a hemi implant replaces it; leave the key out",
        ),
        (
            "normal",
            f"anatomy: {{skin_mm: {number(2)}}}\n",
            "tissues.skin: missing; anatomy.skin_mm makes it a tissue",
        ),
        (
            "normal",
            "anatomy: {skin_mm: 2}\n",
            "case.yaml:3:11: anatomy.skin_mm: 2 stands alone, without source",
        ),
        (
            "normal",
            "mesh: {target_dofs: 100}\n",
            "case.yaml:3:8: mesh.target_dofs: 100 is not allowed; must be at least 10000",
        ),
        (
            "normal",
            "mesh: {target_dofs: 200000000}\n",
            "case.yaml:3:8: mesh.target_dofs: 200000000 is not allowed; "
            "must be at least 10000 and at most 100000000",
        ),
        (
            "normal",
            "posture: {mtp1_dorsiflexion_deg: 40}\n",
            "case.yaml:3:11: posture.mtp1_dorsiflexion_deg: 40 stands alone, without source; "
            'write {value: 40, source: "Author year, DOI", status: published}',
        ),
        (
            "normal",
            f"posture: {{mtp2_dorsiflexion: {number(40)}}}\n",
            "case.yaml:3:11: posture.mtp2_dorsiflexion: has no unit; write 'mtp2_dorsiflexion_deg'",
        ),
        (
            "normal",
            f"floor: {{rocker: {{apex_mm: {number(-5)}, radius: {number(300)}}}}}\n",
            "floor.rocker.radius: has no unit; write 'radius_mm'",
        ),
        (
            "normal",
            "floor: {rocker: 300}\n",
            "case.yaml:3:9: floor.rocker: a block of keys is needed, not 300; "
            "its keys are: apex_mm, radius_mm",
        ),
        (
            "normal",
            "shoe: rocker\n",
            "case.yaml:3:1: shoe: a block of keys is needed, not 'rocker'; "
            "its keys are: insole, plate, outsole, margin_mm",
        ),
        (
            "normal",
            f"anatomy: {{mt2: {{cortex_dorsal_mm: {number(3.5)}}}}}\n",
            "anatomy.mt2.cortex_dorsal_mm.value: 3.5 leaves no core in the smallest section, 7 mm; "
            "must be below 3.5",
        ),
        (
            "normal",
            f"anatomy: {{mtp2_joint_space_mm: {number(1.2)}}}\n",
            "anatomy.mtp2_joint_space_mm.value: 1.2 mm leaves a gap of",
        ),
        (
            "normal",
            f"anatomy: {{sesamoid_joint_space_mm: {number(1.0)}}}\n",
            "anatomy.sesamoid_joint_space_mm.value: 1 mm leaves a gap of",
        ),
        (
            "fused_screws",
            f"joint: {{hardware: {{interface_mm: {number(1)}}}, tissues: {{screw_interface: trabecular}}}}\n",
            "joint.hardware.spacing_mm.value: 5.5 lets the screws meet; must be at least 6.5 "
            "(diameter + 0.5 + two sleeves)",
        ),
        (
            "fused_screws",
            f"joint: {{hardware: {{interface_mm: {number(0.4)}}}}}\n",
            "joint.tissues.screw_interface: missing; every region needs the name of a material",
        ),
        (
            "normal",
            "posture: {instant: pushoff}\n",
            "case.yaml:3:11: posture.instant: 'pushoff' is not allowed; "
            "one of midstance, late_midstance, heel_rise, propulsion, push_off; did you mean 'push_off'?",
        ),
        (
            "normal",
            f"posture: {{heel_rise_deg: {{pushoff: {number(40)}}}}}\n",
            "case.yaml:3:27: posture.heel_rise_deg.pushoff: no such key; did you mean 'push_off'?",
        ),
        (
            "normal",
            "patient: {side: both}\n",
            "case.yaml:3:11: patient.side: 'both' is not allowed; one of right, left",
        ),
        (
            "normal",
            f"shoe: {{margin_mm: {number(6)}, insole: {{thickness_mm: {number(4)}, material: foam}}, "
            f"plate: {{thickness_mm: {number(1)}, material: carbon_plate}}, "
            f"outsole: {{thickness_mm: {number(4)}, material: rubber_outsole}}}}\n",
            "shoe.insole.material: names material 'foam'; materials are:",
        ),
    ],
)
def test_refused_with_one_line(refused: Refusal, base: str, body: str, line: str) -> None:
    said = refused(head(base) + body)
    assert len(said) == 1
    assert line in said[0]


@pytest.mark.usefixtures("whole")
def test_callus_without_material(refused: Refusal, folder: Path) -> None:
    path = folder / "fused.yaml"
    text = path.read_text(encoding="utf-8").replace("callus_mature_bone:", "callus_grown_bone:")
    path.write_text(text, encoding="utf-8")
    said = refused(head("fused"))
    assert len(said) == 1
    assert "joint.healing: names material 'callus_mature_bone'; materials are:" in said[0]
    assert said[0].endswith("did you mean 'callus_immature_bone'?")


@pytest.mark.usefixtures("whole")
def test_faults_of_an_operation_come_all_at_once(refused: Refusal) -> None:
    """Misspelt keys, words and regions, a range and an optional block, each at its line and column."""
    assert refused(
        head("fused_screws")
        + f"""\
joint:
  resection: flatt
  valgus_deg: {number(70)}
  hardware: {{angel_deg: {number(30)}}}
  tissues: {{screw: titanium}}
patient: {{side: lefft}}
shoe: {{margin: {number(6)}}}
"""
    ) == [
        "case.yaml:4:3: joint.resection: 'flatt' is not allowed; one of cup, flat; did you mean 'flat'?",
        "case.yaml:5:16: joint.valgus_deg.value: 70 is not allowed; must be at least -20 and at most 60",
        "case.yaml:6:14: joint.hardware.angel_deg: no such key; did you mean 'angle_deg'?",
        "case.yaml:8:11: patient.side: 'lefft' is not allowed; one of right, left; did you mean 'left'?",
        "case.yaml:9:1: shoe.insole: missing (soft layer under the foot)",
        "case.yaml:9:1: shoe.outsole: missing (layer on the floor)",
        "case.yaml:9:1: shoe.plate: missing (stiffening plate or shank)",
        "case.yaml:9:8: shoe.margin: has no unit; write 'margin_mm'",
    ]


FULL = f"""\
patient: {{side: left}}
anatomy:
  skin_mm: {number(2)}
  mt1: {{surface: {{file: mt1.stl, unit: m, base_mm: [0, 0, 0], head_mm: [50, 0, 0], dorsal: [0, 0, 1],
    smoothing_mm: {number(0.5)}, scale: 1.1, {GIVEN}}}}}
  dp2: {{surface: {{file: a/mp2.stl, unit: mm, base_mm: [0, 0, 0], head_mm: [9, 0, 0], dorsal: [0, 0, 1],
    joined: {{file: a/dp2.stl, offset_mm: [1.5, 0, -2]}}, smoothing_mm: {number(0)}, {GIVEN}}}}}
tissues: {{skin: skin}}
posture: {{mtp1_dorsiflexion_deg: {number(30)}, mtp2_dorsiflexion_deg: {number(35)}}}
floor: {{rocker: {{apex_mm: {number(-5)}, radius_mm: {number(300)}}}}}
shoe:
  insole: {{thickness_mm: {number(4)}, material: insole_foam}}
  plate: {{thickness_mm: {number(2)}, material: carbon_plate}}
  outsole: {{thickness_mm: {number(6)}, material: rubber_outsole}}
  margin_mm: {number(6)}
mesh: {{target_dofs: 2000000}}
joint: {{hardware: {{interface_mm: {number(0.4)}}}, tissues: {{screw_interface: trabecular}}}}
"""


@pytest.mark.usefixtures("whole")
def test_case_with_every_optional_block_survives_the_dump(folder: Path) -> None:
    """Also from another folder: files of surfaces are whole paths."""
    path = folder / "full.yaml"
    path.write_text(head("fused_screws") + FULL, encoding="utf-8")
    case = load_case(path)
    below = folder / "below"
    below.mkdir()
    (below / "full.yaml").write_text(dump_yaml(case), encoding="utf-8")
    assert load_case(below / "full.yaml") == case
    optional = Region.SKIN, Region.SHOE_INSOLE, Region.SHOE_PLATE, Region.SHOE_OUTSOLE, Region.SCREW_INTERFACE
    assert set(optional) <= set(case.materials_by_region())
    assert case.anatomy.dp2.surface is not None
    assert case.anatomy.dp2.surface.files == [str(folder / "a" / name) for name in ("mp2.stl", "dp2.stl")]


@pytest.mark.usefixtures("whole")
def test_size_of_the_foot_multiplies_that_of_a_real_bone(folder: Path) -> None:
    """The coordinates of the file stay; a shoe, a wanted angle and a sleeve have no part in the size."""
    path = folder / "full.yaml"
    factor = f"patient: {{side: left, foot_length_factor: {number(0.9)}}}\n"
    text = FULL.replace("patient: {side: left}\n", factor)
    path.write_text(head("fused_screws") + text, encoding="utf-8")
    before = load_case(path)
    after = sized(before)
    big, small = before.anatomy.mt1.surface, after.anatomy.mt1.surface
    assert big is not None
    assert small is not None
    assert small.scale == pytest.approx(0.9 * 1.1)
    assert (small.base_mm, small.head_mm, small.smoothing_mm) == (big.base_mm, big.head_mm, big.smoothing_mm)
    assert after.anatomy.skin_mm is not None
    assert after.anatomy.skin_mm.value == pytest.approx(0.9 * 2)
    for block in ("shoe", "posture", "floor", "mesh"):
        assert getattr(after, block) == getattr(before, block)
    assert sized(after) == after


SURFACE = (
    "anatomy: {{mt1: {{surface: {{file: bones/mt1.stl, unit: {unit}, "
    "base_mm: [0, 0, 0], head_mm: [50, 0, {z}], "
    "dorsal: [0, 0, 1], smoothing_mm: {{value: 0.5, "
    'source: "A test", status: assumed}}, source: "A test", status: assumed}}}}}}\n'
)


def test_surface_file_is_found_from_the_file_that_names_it(folder: Path) -> None:
    below = folder / "mine"
    below.mkdir()
    text = HEAD.replace("normal", "../normal") + SURFACE.format(unit="m", z=0)
    (below / "foot.yaml").write_text(text, encoding="utf-8")
    surface = load_case(Path("mine/foot.yaml")).anatomy.mt1.surface
    assert surface is not None
    assert surface.file == str(folder / "mine" / "bones" / "mt1.stl")
    assert surface.millimetres_per_unit == 1000.0


def test_unit_of_a_surface(refused: Refusal) -> None:
    said = refused(HEAD + SURFACE.format(unit="inch", z=0))
    assert len(said) == 1
    assert "anatomy.mt1.surface.unit: 'inch' is not allowed; one of mm, cm, m" in said[0]
