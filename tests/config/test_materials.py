"""Materials of every law: what a case may say, and one clear line for what it may not."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from pipeline.config import dump_yaml, load_case
from pipeline.config.materials import FIBRE_LAWS
from pipeline.config.rubber import LARGEST_TOE, MOST_TERMS
from pipeline.config.stability import hessian_of_polynomial, hessian_of_powers, stable_stretches
from tests.config.conftest import HEAD, Refusal

GIVEN = 'source: "A test", status: assumed'
LAWS = (
    "elastic_plastic_flag, linear_elastic, mooney_rivlin, neo_hookean, neo_hookean_uncoupled, ogden, "
    "polynomial2, saint_venant_kirchhoff, transversely_isotropic, yeoh"
)


def block(law: str, **values: float | str) -> str:
    """Case with a material ``soft`` of a law; its keys start on line 6."""
    lines = [
        f"    {key}: {value if isinstance(value, str) else f'{{value: {value}, {GIVEN}}}'}"
        for key, value in values.items()
    ]
    return HEAD + "\n".join(["materials:", "  soft:", f"    law: {law}", *lines, ""])


def terms(*values: tuple[float, float]) -> str:
    """Terms of an Ogden law on one line."""
    return "[" + ", ".join(
        f"{{mu_MPa: {{value: {mu}, {GIVEN}}}, alpha: {{value: {alpha}, {GIVEN}}}}}" for mu, alpha in values
    ) + "]"  # fmt: skip


FIBRES = {
    "c1_MPa": 1.44,
    "c3_MPa": 0.57,
    "c4": 48,
    "c5_MPa": 467.1,
    "straight_stretch": 1.063,
    "bulk_MPa": 50,
}
DENSITY = "{" + ", ".join(
    f"{key}: {{value: {value}, {GIVEN}}}"
    for key, value in (("density_g_per_cm3", 1.2), ("coefficient_MPa", 6850), ("exponent", 1.49))
) + "}"  # fmt: skip

GOOD = [
    (block("linear_elastic", young_MPa=2, poisson=0.25), 2.0),
    (block("saint_venant_kirchhoff", young_MPa=2, poisson=0.25), 2.0),
    (block("elastic_plastic_flag", young_MPa=2, poisson=0.25, yield_MPa=800), 2.0),
    (block("neo_hookean", young_MPa=2, poisson=0.25), 2.0),
    (block("neo_hookean_uncoupled", young_MPa=2, poisson=0.25), 2.0),
    (block("neo_hookean", density=DENSITY, poisson=0.3), 6850 * 1.2**1.49),
    (block("mooney_rivlin", c10_MPa=0.4, c01_MPa=0.1, poisson=0.45), 2 * 1.0 * 1.45),
    (block("mooney_rivlin", c10_MPa=0.4, c01_MPa=0.1, bulk_MPa=1e6), 3.0),
    (block("yeoh", c10_MPa=0.5, c20_MPa=-0.02, c30_MPa=0.1, bulk_MPa=1e6), 3.0),
    (
        block("polynomial2", c10_MPa=0.4, c01_MPa=0.1, c20_MPa=0, c11_MPa=0, c02_MPa=0.1, bulk_MPa=1e6),
        3.0,
    ),
    (block("ogden", convention="abaqus", terms=terms((0.02, 11)), bulk_MPa=1e6), 3 * 0.02),
    (block("ogden", convention="plain", terms=terms((0.02, 11)), bulk_MPa=1e6), 3 * 0.02 * 11 / 2),
    (block("ogden", convention="febio", terms=terms((0.02, 11), (0.01, -2)), bulk_MPa=1e6), 3 * 0.03 / 2),
    (block("transversely_isotropic", **{**FIBRES, "bulk_MPa": 1e6}), 3 * 2 * 1.44),
]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("text", "young"), GOOD, ids=range(len(GOOD)))
def test_modulus_at_small_strain(text: str, young: float) -> None:
    """E0 follows from the constants of every law; with a large bulk modulus it is 3 G0."""
    Path("case.yaml").write_text(text, encoding="utf-8")
    soft = load_case(Path("case.yaml")).materials["soft"]
    assert soft.initial_young_modulus_MPa == pytest.approx(young, rel=1e-5)
    assert soft.initial_shear_modulus_MPa > 0.0
    assert soft.initial_bulk_modulus_MPa > 0.0


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("text", [text for text, _ in GOOD], ids=range(len(GOOD)))
def test_material_written_out_loads_back(text: str) -> None:
    Path("case.yaml").write_text(text, encoding="utf-8")
    case = load_case(Path("case.yaml"))
    Path("again.yaml").write_text(dump_yaml(case), encoding="utf-8")
    assert load_case(Path("again.yaml")) == case


WRONG = {
    "unknown law": (
        block("neo_hooke", young_MPa=2, poisson=0.3),
        f"case.yaml:5:5: materials.soft.law: 'neo_hooke' is not allowed; one of {LAWS}; "
        "did you mean 'neo_hookean'?",
    ),
    "no law": (
        block("ogden").replace("    law: ogden\n", f"    poisson: {{value: 0.3, {GIVEN}}}\n"),
        f"case.yaml:4:3: materials.soft.law: missing; one of {LAWS}",
    ),
    "Poisson's ratio of an incompressible material": (
        block("neo_hookean", young_MPa=2, poisson=0.5),
        "case.yaml:7:15: materials.soft.poisson.value: 0.5 is not allowed; must be above -1 and below 0.5 "
        "(at 0.5 this law divides by zero; soft tissue has 0.4 to 0.49)",
    ),
    "negative modulus": (
        block("elastic_plastic_flag", young_MPa=2, poisson=0.3, yield_MPa=-5),
        "case.yaml:8:17: materials.soft.yield_MPa.value: -5 is not allowed; "
        "must be above 0 and at most 1000000",
    ),
    "yield of a law without": (
        block("neo_hookean", young_MPa=2, poisson=0.3, yield_MPa=800),
        "case.yaml:8:5: materials.soft.yield_MPa: no such key; "
        "keys here are: density, law, poisson, young_MPa",
    ),
    "no modulus": (
        block("neo_hookean", poisson=0.3),
        "case.yaml:4:3: materials.soft.young_MPa: missing; give young_MPa or density, for Young's modulus",
    ),
    "two moduli": (
        block("neo_hookean", young_MPa=2, density=DENSITY, poisson=0.3),
        "case.yaml:7:5: materials.soft.density: stands beside young_MPa; give one of the two, "
        "for Young's modulus",
    ),
    "density without unit": (
        block("neo_hookean", density=DENSITY.replace("density_g_per_cm3", "density"), poisson=0.3),
        "case.yaml:6:15: materials.soft.density.density: has no unit; write 'density_g_per_cm3'",
    ),
    "no bulk modulus": (
        block("mooney_rivlin", c10_MPa=0.4, c01_MPa=0.1),
        "case.yaml:4:3: materials.soft.bulk_MPa: missing; give bulk_MPa or poisson, for the change of volume",
    ),
    "two bulk moduli": (
        block("mooney_rivlin", c10_MPa=0.4, c01_MPa=0.1, bulk_MPa=5, poisson=0.45),
        "case.yaml:9:5: materials.soft.poisson: stands beside bulk_MPa; give one of the two, "
        "for the change of volume",
    ),
    "negative shear modulus": (
        block("mooney_rivlin", c10_MPa=0.1, c01_MPa=-0.4, bulk_MPa=5),
        "case.yaml:4:3: materials.soft: shear modulus at small strain is -0.6 MPa; must be above 0",
    ),
    "unstable polynomial": (
        block("yeoh", c10_MPa=0.1, c20_MPa=-5, c30_MPa=0, bulk_MPa=5),
        "case.yaml:4:3: materials.soft: stress falls as stretch grows beyond uniaxial stretches of "
        "0.968 to 1.03 (Drucker); must be stable from 0.95 to 1.05",
    ),
    "no terms": (
        block("ogden", convention="abaqus", terms="[]", bulk_MPa=5),
        f"case.yaml:7:5: materials.soft.terms: has 0 entries; give one to {MOST_TERMS} terms",
    ),
    "too many terms": (
        block("ogden", convention="abaqus", terms=terms(*[(0.02, 11)] * 4), bulk_MPa=5),
        f"case.yaml:7:5: materials.soft.terms: has 4 entries; give one to {MOST_TERMS} terms",
    ),
    "no power": (
        block("ogden", convention="plain", terms=terms((0.02, 11), (0.02, 0)), bulk_MPa=5),
        "case.yaml:7:195: materials.soft.terms[1].alpha.value: 0 is not allowed; "
        "a stretch to the power 0 is always 1",
    ),
    "wrong sign": (
        block("ogden", convention="plain", terms=terms((0.02, -11)), bulk_MPa=5),
        "case.yaml:4:3: materials.soft: shear modulus at small strain is -0.11 MPa; must be above 0",
    ),
    "unknown convention": (
        block("ogden", convention="abacus", terms=terms((0.02, 11)), bulk_MPa=5),
        "case.yaml:6:5: materials.soft.convention: 'abacus' is not allowed; one of abaqus, plain, febio; "
        "did you mean 'abaqus'?",
    ),
    "no convention": (
        block("ogden", terms=terms((0.02, 11)), bulk_MPa=5),
        "case.yaml:4:3: materials.soft.convention: missing; one of abaqus, plain, febio",
    ),
    "term without a source": (
        block("ogden", convention="plain", terms="[{mu_MPa: 0.02, alpha: 11}]", bulk_MPa=5).replace(
            "alpha: 11", f"alpha: {{value: 11, {GIVEN}}}"
        ),
        "case.yaml:7:14: materials.soft.terms[0].mu_MPa: 0.02 stands alone, without source; "
        'write {value: 0.02, source: "Author year, DOI", status: published}',
    ),
    "fibres that never straighten": (
        block("transversely_isotropic", **{**FIBRES, "c4": 100}),
        "case.yaml:10:24: materials.soft.straight_stretch.value: c4 (straight_stretch - 1) is 6.3; "
        f"must be at most {LARGEST_TOE:g}",
    ),
    "stretch below 1": (
        block("transversely_isotropic", **{**FIBRES, "straight_stretch": 0.9}),
        "case.yaml:10:24: materials.soft.straight_stretch.value: 0.9 is not allowed; "
        "must be above 1 and at most 2",
    ),
}


FIBRED = (
    "mtp1_capsule, plantar_band_1, plantar_band_2, sesamoid_ligaments, plantar_plate_2, "
    "deep_transverse_ligament, flexor_band_1"
)
LIGAMENT = block("transversely_isotropic", **FIBRES)


@pytest.mark.parametrize(
    ("tissue", "line"),
    [
        ("tissues: {skin: soft}\n", "12:11: tissues.skin"),
        ("tissues: {proximal_block: soft}\n", "12:11: tissues.proximal_block"),
        ("joint: {tissues: {mtp1_gap: soft}}\n", "12:19: joint.tissues.mtp1_gap"),
        (
            f"shoe:\n  margin_mm: {{value: 14, {GIVEN}}}\n"
            + "".join(
                f"  {layer}: {{thickness_mm: {{value: 4, {GIVEN}}}, material: {name}}}\n"
                for layer, name in (
                    ("insole", "soft"),
                    ("plate", "carbon_plate"),
                    ("outsole", "rubber_outsole"),
                )
            ),
            "14:73: shoe.insole.material",
        ),
    ],
)
def test_fibres_in_a_tissue_without_a_direction(refused: Refusal, tissue: str, line: str) -> None:
    assert refused(LIGAMENT + tissue) == [
        f"case.yaml:{line}: names material 'soft', whose law transversely_isotropic needs a direction of "
        f"fibres; tissues with one are: {FIBRED}"
    ]


def test_fibres_in_the_wrong_tissue_are_found_beside_other_faults(refused: Refusal) -> None:
    faults = refused(LIGAMENT + "tissues: {ip_gap: soft, plantar_band_1: soft}\nload: {steps: 0}\n")
    assert [fault.split(": ")[1] for fault in faults] == ["tissues.ip_gap", "load.steps"]


def test_fibres_in_every_tissue_with_a_direction(folder: Path) -> None:
    """A ligament of fibres wherever that can be."""
    common = ", ".join(f"{label}: soft" for label in FIBRED.split(", ")[1:])
    text = LIGAMENT + f"tissues: {{{common}}}\njoint: {{tissues: {{mtp1_capsule: soft}}}}\n"
    (folder / "case.yaml").write_text(text, encoding="utf-8")
    materials = load_case(folder / "case.yaml").materials_by_region()
    assert {region.label for region, each in materials.items() if each.law in FIBRE_LAWS} == set(
        FIBRED.split(", ")
    )


@pytest.mark.parametrize("name", WRONG)
def test_wrong_material(refused: Refusal, name: str) -> None:
    text, line = WRONG[name]
    assert refused(text) == [line]


def test_neo_hookean_solid_is_stable_everywhere_in_both_descriptions() -> None:
    """c10 (I1 - 3) is the power law of exponent 2 with factor c10."""
    for hessian in (hessian_of_polynomial(c10=0.5), hessian_of_powers([(0.5, 2.0)])):
        for low, high in stable_stretches(hessian).values():
            assert (low, high) == pytest.approx((1 / 3, 3.0))
    strains = (0.3, -0.1, -0.2)
    assert hessian_of_polynomial(c10=0.5, c01=0.2)(strains) == pytest.approx(
        hessian_of_powers([(0.5, 2.0), (0.2, -2.0)])(strains)
    )


def test_polynomial_against_differences_of_its_energy() -> None:
    """The Hessian is the second difference of the energy in the logarithmic strains."""
    c = {"c10": 0.3, "c01": 0.2, "c20": 0.7, "c11": -0.4, "c02": 0.9, "c30": 0.5}

    def energy(x: float, y: float) -> float:
        strains = (x, y, -x - y)
        a = sum(math.exp(2 * e) for e in strains) - 3
        b = sum(math.exp(-2 * e) for e in strains) - 3
        return (
            c["c10"] * a
            + c["c01"] * b
            + c["c20"] * a**2
            + c["c11"] * a * b
            + c["c02"] * b**2
            + c["c30"] * a**3
        )

    x, y, h = 0.3, -0.1, 1e-4
    expected = (
        (energy(x + h, y) - 2 * energy(x, y) + energy(x - h, y)) / h**2,
        (energy(x + h, y + h) - energy(x + h, y - h) - energy(x - h, y + h) + energy(x - h, y - h))
        / (4 * h**2),
        (energy(x, y + h) - 2 * energy(x, y) + energy(x, y - h)) / h**2,
    )
    assert hessian_of_polynomial(**c)((x, y, -x - y)) == pytest.approx(expected, rel=1e-5)
