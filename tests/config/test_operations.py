"""Wrong operations, shoes and skins are refused with one clear line at the right place."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config import dump_yaml, load_case
from pipeline.config.write import CONFIGS
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
            "posture: {instant: pushoff}\n",
            "case.yaml:3:11: posture.instant: 'pushoff' is not allowed; "
            "one of midstance, heel_rise, push_off; did you mean 'push_off'?",
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
