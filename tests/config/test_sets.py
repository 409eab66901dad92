"""Sets of material parameters: all shipped ones load, and a case takes one up with one key."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config import load_case
from pipeline.config.rubber import Ogden, Polynomial2
from pipeline.config.sets import SHIPPED
from pipeline.config.stability import stable_stretches
from pipeline.config.yaml_tree import read_tree
from tests.config.conftest import HEAD, Refusal

GIVEN = 'source: "A test", status: assumed'
PAD = f"""\
pad:
  law: neo_hookean
  young_MPa: {{value: -1, {GIVEN}}}
  poisson: {{value: 0.4, {GIVEN}}}
"""
ALL = [
    f"{path.stem}.{name}" for path in sorted(SHIPPED.glob("*.yaml")) for name in read_tree(path)[0].children
]
YOUNG = {
    "sun_2011.plantar_pad": 0.0596,
    "sun_2011.mt1_head": 0.0621,
    "pmc9579782.skin": 0.3636,
    "biomedical_handbook.femoral_neck": 6850 * 1.9**1.49,
    "kitaoka_1994.plantar_fascia": 413.2 * 2 * 1.49 / 3,
    "unread.pad_polynomial": 0.1577,
    "unread.cartilage": 6 * 4.51 * 2 * 1.45 / 3,
    "pmc4669019.titanium": 110000.0,
}
"""Initial modulus of some sets, MPa, from the parameter table: 3 G0 reduced by 2 (1 + nu) / 3."""


def loaded(text: str, name: str = "case.yaml") -> dict[str, object]:
    Path(name).write_text(HEAD + text, encoding="utf-8")
    return dict(load_case(Path(name)).materials)


def test_there_are_sets_of_every_kind() -> None:
    assert len(ALL) >= 30
    assert set(YOUNG) <= set(ALL)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", ALL)
def test_shipped_set(name: str) -> None:
    """Each is a complete, stable material with a source behind every number."""
    tissue = loaded(f"materials: {{plantar_fascia: {{set: {name}}}}}\n")["plantar_fascia"]
    young = tissue.initial_young_modulus_MPa  # type: ignore[attr-defined]
    assert young > 0.0
    if name in YOUNG:
        assert young == pytest.approx(YOUNG[name], rel=3e-3)


@pytest.mark.usefixtures("folder")
def test_set_replaces_the_inherited_law_as_a_whole() -> None:
    tissue = loaded("materials: {soft_tissue: {set: sun_2011.plantar_pad}}\n")["soft_tissue"]
    assert isinstance(tissue, Ogden)
    assert tissue.factors == [(2 * 0.020 / 121, 11.0)]


@pytest.mark.usefixtures("folder")
def test_keys_beside_a_set_replace_its_values() -> None:
    """Single values only, each with its own source; below them too, as in a density."""
    text = f"""\
materials:
  pad:
    set: sun_2011.plantar_pad
    poisson: {{value: 0.47, {GIVEN}}}
  bone:
    set: biomedical_handbook.tibia
    density: {{density_g_per_cm3: {{value: 0.5, {GIVEN}}}}}
"""
    found = loaded(text)
    pad, bone = found["pad"], found["bone"]
    assert isinstance(pad, Ogden)
    assert pad.poisson is not None
    assert (pad.poisson.value, pad.poisson.source, pad.convention) == (0.47, "A test", "abaqus")
    assert bone.initial_young_modulus_MPa == pytest.approx(15490 * 0.5**1.93)  # type: ignore[attr-defined]


@pytest.mark.usefixtures("folder")
def test_single_value_over_an_inherited_set() -> None:
    loaded("materials: {soft_tissue: {set: sun_2011.plantar_pad}}\n", "pad.yaml")
    text = (
        f"base: pad.yaml\ntitle: A test\nmaterials: {{soft_tissue: {{poisson: {{value: 0.45, {GIVEN}}}}}}}\n"
    )
    Path("softer.yaml").write_text(text, encoding="utf-8")
    tissue = load_case(Path("softer.yaml")).materials["soft_tissue"]
    assert isinstance(tissue, Ogden)
    assert tissue.poisson is not None
    assert tissue.poisson.value == 0.45


@pytest.mark.usefixtures("folder")
def test_sets_beside_the_case_come_first() -> None:
    Path("materials").mkdir()
    own = PAD.replace("-1", "0.5")
    Path("materials/sun_2011.yaml").write_text(own, encoding="utf-8")
    tissue = loaded("materials: {soft_tissue: {set: sun_2011.pad}}\n")["soft_tissue"]
    assert tissue.initial_young_modulus_MPa == 0.5  # type: ignore[attr-defined]


def test_fault_in_a_set_is_reported_in_its_file(refused: Refusal) -> None:
    Path("materials").mkdir()
    Path("materials/mine.yaml").write_text(PAD, encoding="utf-8")
    assert refused(HEAD + "materials: {soft_tissue: {set: mine.pad}}\n") == [
        "materials/mine.yaml:3:15: materials.soft_tissue.young_MPa.value: -1 is not allowed; "
        "must be above 0 and at most 1000000"
    ]


@pytest.mark.parametrize(
    ("block", "start", "end"),
    [
        ("{set: sun_2011.plantar_pud}", "no set 'plantar_pud' in ", "; did you mean 'plantar_pad'?"),
        ("{set: sun_2012.plantar_pad}", "no file 'sun_2012.yaml' of sets; ", "; did you mean 'sun_2011'?"),
        ("{set: plantar_pad}", "must be file.set in quotes or plain", "such as sun_2011.plantar_pad"),
        ("{set: 7}", "must be file.set in quotes or plain", "such as sun_2011.plantar_pad"),
        ("{set: ../base.yaml}", "must be file.set in quotes or plain", "such as sun_2011.plantar_pad"),
        ("{set: sun_2011.hallux, law: ogden}", "stands beside law; give one of the two", ""),
    ],
)
def test_wrong_set(refused: Refusal, block: str, start: str, end: str) -> None:
    (line,) = refused(HEAD + f"materials: {{soft_tissue: {block}}}\n")
    place = "case.yaml:3:27: materials.soft_tissue.set: "
    assert line.startswith(place + start)
    assert line.endswith(end)


@pytest.mark.usefixtures("folder")
def test_how_far_the_polynomials_are_stable() -> None:
    """Fitted to one mode, they fail in others; the notes of the sets say where."""
    text = "materials: {a: {set: unread.pad_polynomial}, b: {set: kitaoka_1994.plantar_fascia}}\n"
    pad, fascia = (loaded(text)[name] for name in "ab")
    assert isinstance(pad, Polynomial2)
    assert isinstance(fascia, Polynomial2)
    low, high = stable_stretches(pad.hessian())["uniaxial"]
    assert low < 0.35
    assert high == pytest.approx(1.26, abs=0.01)
    assert stable_stretches(fascia.hessian())["uniaxial"][0] == pytest.approx(0.86, abs=0.01)
    assert stable_stretches(fascia.hessian())["equibiaxial"][1] == pytest.approx(1.08, abs=0.01)
