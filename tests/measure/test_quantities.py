"""Quantities of the brick foot, whose fields are formulas, against closed forms."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.config import Case
from pipeline.config.cables import Cables
from pipeline.errors import MeshError
from pipeline.measure.carried import CABLES
from pipeline.measure.quantity import NOT_MODELLED, Measured
from pipeline.measure.registry import REGISTRY
from pipeline.measure.solution import Solution, load
from pipeline.regions import Region, Sole
from tests.measure.bricks import MT2, Bricks, Floats, bending_strain, mirrored, uniaxial_stress, write_case

BY_NAME = {quantity.name: quantity for quantity in REGISTRY}
Take = Callable[[str], Measured]
METAL = {"young_MPa": 193000.0, "poisson": 0.3, "yield_MPa": 172.0}


@pytest.fixture(scope="module")
def solution(tmp_path_factory: pytest.TempPathFactory, case: Case, bricks: Bricks) -> Solution:
    return load(*write_case(tmp_path_factory.mktemp("bricks"), case, bricks), case)


@pytest.fixture(scope="module")
def take(solution: Solution) -> Take:
    return lambda name: BY_NAME[name].evaluate(solution)


def test_every_quantity_is_fully_described() -> None:
    """No two share a name; none lacks words; a peak names its robust partner, which exists."""
    assert len(BY_NAME) == len(REGISTRY)
    for quantity in REGISTRY:
        for text in (quantity.symbol, quantity.label, quantity.region, quantity.statistic, quantity.source):
            assert text
        assert len(quantity.definition) > 10
        if quantity.statistic == "peak":
            assert quantity.robust_partner in BY_NAME


def test_stress_statistics_of_a_linear_field(take: Take) -> None:
    """Layers at 82..84 and 86..88 mm under 1 + 0.1 x MPa: mean at 85 mm, percentiles near the far end."""
    assert take("ip_von_mises_mean").value == pytest.approx(9.5, rel=1e-12)
    assert take("ip_von_mises_p95").value == pytest.approx(9.78, abs=0.03)
    assert take("ip_von_mises_p99").value <= take("ip_von_mises_peak").value <= 9.8


def test_a_peak_comes_with_its_place(take: Take) -> None:
    """The largest value of the linear field lies at the distal end of the layer, and matches the formula."""
    peak = take("ip_von_mises_peak")
    assert peak.where is not None
    assert 87.5 < peak.where[0] < 88.0
    assert peak.value == pytest.approx(1.0 + 0.1 * peak.where[0], rel=1e-12)


def test_tension_and_compression_are_told_apart(take: Take, solution: Solution) -> None:
    """Under tension there is no compression; with the sign turned they change places."""
    assert take("ip_compression_p95").value == pytest.approx(0.0, abs=1e-12)
    pressed = replace(solution, stress=-solution.stress)
    assert BY_NAME["ip_compression_mean"].evaluate(pressed).value == pytest.approx(9.5, rel=1e-12)
    assert BY_NAME["mt2_tension_p99"].evaluate(pressed).value == pytest.approx(0.0, abs=1e-12)


def test_shaft_is_20_to_80_percent_of_the_bone(take: Take) -> None:
    """MT2 is 60 mm long: the largest stress in its shaft is that at 48 mm, not that at its end."""
    peak = take("mt2_von_mises_peak")
    assert peak.where is not None
    assert peak.where[0] <= 48.0
    assert peak.value == pytest.approx(5.8, abs=0.05)


def test_gauge_reads_the_bending_strain_of_the_surface(take: Take) -> None:
    """Curvature 1e-4 /mm, surface 4 mm from the axis: 400 microstrain, pressed on the back, pulled below."""
    dorsal, plantar = take("mt2_strain_dorsal"), take("mt2_strain_plantar")
    assert dorsal.value == pytest.approx(-400.0, rel=1e-9)
    assert plantar.value == pytest.approx(400.0, rel=1e-9)
    assert dorsal.note == plantar.note == ""


def test_gauge_reads_the_middle_of_a_gradient(solution: Solution) -> None:
    """Of a strain that grows along the bone the patch reads the value at mid-shaft."""
    strain = bending_strain(solution.stress_points)
    strain[..., 0] += 2e-5 * (solution.stress_points[..., 0] - 30.0)
    measured = BY_NAME["mt2_strain_dorsal"].evaluate(replace(solution, strain=strain))
    assert measured.value == pytest.approx(-400.0, abs=2.0)


def test_gauge_turns_with_the_bone(solution: Solution) -> None:
    """A bone pointing 25 degrees down, its strain turned with it, gives the same reading."""
    angle = np.radians(25.0)
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    bones = json.loads(json.dumps(solution.geometry["bones"]))
    for key in ("base", "axis", "dorsal"):
        bones["mt2"][key] = (turn @ bones["mt2"][key]).tolist()
    packed = bending_strain(solution.stress_points)
    matrix = turn @ packed[..., [0, 3, 5, 3, 1, 4, 5, 4, 2]].reshape(*packed.shape[:-1], 3, 3) @ turn.T
    turned = replace(
        solution,
        points=solution.points @ turn.T,
        strain=matrix.reshape(*packed.shape[:-1], 9)[..., [0, 4, 8, 1, 5, 2]],
        geometry={"bones": bones},
    )
    assert BY_NAME["mt2_strain_dorsal"].evaluate(turned).value == pytest.approx(-400.0, rel=1e-9)


def test_gauge_says_when_it_had_to_widen(solution: Solution) -> None:
    """Where a band of 2 mm of the cortex is missing the patch grows, and the result says to what."""
    middle = np.abs(solution.points[solution.cells].mean(axis=1)[:, 0] - 31.0) < 1.0
    region = np.where(middle & (solution.region == Region.MT2_CORTEX), int(Region.MT2_CORE), solution.region)
    measured = BY_NAME["mt2_strain_dorsal"].evaluate(replace(solution, region=region))
    assert measured.note == "patch widened to 11.25 x 6.75 mm"


def test_gauge_off_the_bone_is_an_error(solution: Solution) -> None:
    """Landmarks that miss the bone give an error, not a number."""
    bones = {"mt2": {**solution.geometry["bones"]["mt2"], "base": [0.0, MT2["y"] + 40.0, 20.0]}}
    with pytest.raises(MeshError, match="no dorsal surface of mt2_cortex"):
        BY_NAME["mt2_strain_dorsal"].evaluate(replace(solution, geometry={"bones": bones}))


def test_an_absent_region_is_an_error(solution: Solution) -> None:
    """A statistic over nothing is refused, and the message names what is missing."""
    region = np.where(solution.region == Region.IP_CARTILAGE_PP1, int(Region.IP_GAP), solution.region)
    region = np.where(region == Region.IP_CARTILAGE_DP1, int(Region.IP_GAP), region)
    with pytest.raises(MeshError, match="ip_cartilage_pp1, ip_cartilage_dp1"):
        BY_NAME["ip_von_mises_mean"].evaluate(replace(solution, region=region))


def test_uniform_pressure_on_the_floor(take: Take, solution: Solution, bricks: Bricks) -> None:
    """0.1 MPa everywhere: every pressure is 100 kPa, force is pressure times area, shares add up to 100 %."""
    for key in ("hallux", "mt1_head", "mt2_head", "toe2"):
        for pressure in ("pressure_8mm", "pressure_p95", "pressure_peak"):
            assert take(f"{key}_{pressure}").value == pytest.approx(100.0, rel=1e-12)
        assert take(f"{key}_force").value == pytest.approx(0.1 * take(f"{key}_contact_area").value, rel=1e-12)
    shares = [take(f"{key}_force_share").value for key in ("hallux", "mt1_head", "mt2_head", "toe2")]
    assert sum(shares) == pytest.approx(100.0, rel=1e-12)
    assert take("total_force").value == pytest.approx(0.1 * 120.0 * 36.0, rel=1e-12)
    assert take("total_force_bodyweight").value == pytest.approx(
        100.0 * 432.0 / solution.body_weight_N, rel=1e-12
    )


def test_centre_of_pressure_of_a_rectangle_is_its_centre(take: Take) -> None:
    """The sole spans -8..112 by -24..12 mm and the joint lies at (57, 4): 5 mm behind it, 10 mm beside it."""
    assert take("cop_distal").value == pytest.approx(-5.0, abs=1e-9)
    assert take("cop_lateral").value == pytest.approx(10.0, abs=1e-9)


def test_left_foot_reads_as_the_right_one_it_mirrors(tmp_path: Path, case: Case, bricks: Bricks) -> None:
    """Under a pressure that grows medially every quantity is the same: lateral is lateral on both feet."""

    def leaning(side: float) -> Callable[[Floats], Floats]:
        return lambda x: 0.1 + 0.002 * side * x[:, 1]

    right = load(*write_case(tmp_path / "right", case, bricks, pressure=leaning(1.0)), case)
    left = load(*write_case(tmp_path / "left", case, mirrored(bricks), pressure=leaning(-1.0)), case)
    assert BY_NAME["cop_lateral"].evaluate(right).value < 9.0
    for name, quantity in BY_NAME.items():
        value = quantity.evaluate(right).value
        assert quantity.evaluate(left).value == pytest.approx(value, rel=1e-9, abs=1e-9), name


BOTH = Region.MTP1_CARTILAGE_MT1, Region.MTP1_CARTILAGE_PP1


@pytest.mark.parametrize(
    ("gone", "instead", "end"),
    [
        ((), Region.MTP1_GAP, 60.0),
        (BOTH, Region.MTP1_GAP, 60.0),
        (BOTH[1:], Region.IMPLANT, 58.0),
        (BOTH, Region.PP1_CORTEX, 58.0),
    ],
    ids=["whole", "worn", "hemi implant", "gap alone"],
)
def test_big_toe_joint_is_measured_over_the_layers_it_has(
    solution: Solution, gone: tuple[Region, ...], instead: Region, end: float
) -> None:
    """Layers 54..56..58..60 mm under 1 + 0.1 x MPa: the peak is at the end of the last one; metal is none."""
    region = np.where(np.isin(solution.region, gone), int(instead), solution.region)
    peak = BY_NAME["mtp1_von_mises_peak"].evaluate(replace(solution, region=region))
    assert peak.where is not None
    assert end - 0.5 < peak.where[0] < end
    assert peak.value == pytest.approx(1.0 + 0.1 * peak.where[0], rel=1e-12)


def test_a_patch_off_the_floor_reads_zero(solution: Solution) -> None:
    """A hallux that does not touch has no pressure and no area, and says so."""
    pressure = np.where(solution.facets_of(Sole.SOLE_HALLUX), 0.0, solution.sole_pressure)
    lifted = replace(solution, sole_pressure=pressure)
    assert BY_NAME["hallux_pressure_p95"].evaluate(lifted) == Measured(0.0, note="no contact")
    assert BY_NAME["hallux_contact_area"].evaluate(lifted).value == 0.0


def test_balance_of_forces(take: Take, solution: Solution) -> None:
    """Exact here; a stray newton of reaction shows as one over the target."""
    assert take("force_imbalance").value == pytest.approx(0.0, abs=1e-12)
    x, y, z = solution.steps["reaction_N"]
    stray = replace(solution, steps={**solution.steps, "reaction_N": [x + 1.0, y, z]})
    assert BY_NAME["force_imbalance"].evaluate(stray).value == pytest.approx(1.0 / 432.0, rel=1e-9)


def test_skin_above_the_floor_is_no_penetration(take: Take, solution: Solution) -> None:
    """The brick foot stands on its sole; pressing the sole itself into the floor is the solver's affair."""
    assert take("unseen_penetration") == Measured(0.0)
    displacement = np.zeros_like(solution.points)
    displacement[np.unique(solution.sole_facets), 2] = -1.0
    pressed = replace(solution, displacement=displacement)
    assert BY_NAME["unseen_penetration"].evaluate(pressed) == Measured(0.0)


def test_skin_outside_the_sole_below_the_floor_is_found(solution: Solution) -> None:
    """Without the hallux patch, its skin pressed down by up to 0.6 mm at (100, 4) is found there."""
    hallux = solution.facets_of(Sole.SOLE_HALLUX)
    away = np.linalg.norm(solution.points[:, :2] - [100.0, 4.0], axis=1)
    displacement = np.zeros_like(solution.points)
    displacement[:, 2] = -0.6 * np.maximum(0.0, 1.0 - away / 10.0)
    seen = replace(solution, displacement=displacement)
    assert BY_NAME["unseen_penetration"].evaluate(seen).value == 0.0
    unseen = replace(
        seen, sole_facets=solution.sole_facets[~hallux], sole_region=solution.sole_region[~hallux]
    )
    found = BY_NAME["unseen_penetration"].evaluate(unseen)
    assert found.value == pytest.approx(0.6)
    assert found.where == (100.0, 4.0, 0.0)


def test_share_of_crushed_soft_tissue(take: Take, solution: Solution) -> None:
    """Where skin is split at z = 8 mm into crushed below and sound above, the share is that of the volume."""
    assert take("soft_crushed_share").value == 0.0
    strain = np.zeros_like(solution.strain)
    strain[..., 2] = np.where(solution.stress_points[..., 2] < 8.0, -0.51, -0.49)
    strain[..., 0] = 0.9
    measured = BY_NAME["soft_crushed_share"].evaluate(replace(solution, strain=strain))
    soft = solution.cells_of([Region.SOFT_TISSUE])
    low = soft & (solution.points[solution.cells].mean(axis=1)[:, 2] < 8.0)
    assert measured.value == pytest.approx(100.0 * solution.volume[low].sum() / solution.volume[soft].sum())


def test_skin_of_its_own_counts_with_the_soft_tissue(take: Take, solution: Solution) -> None:
    """Naming the lowest layer skin changes no share."""
    low = solution.cells_of([Region.SOFT_TISSUE]) & (solution.points[solution.cells].mean(axis=1)[:, 2] < 4.0)
    strain = np.zeros_like(solution.strain)
    strain[low, :, 2] = -0.6
    one = replace(solution, strain=strain)
    two = replace(one, region=np.where(low, int(Region.SKIN), one.region))
    share = BY_NAME["soft_crushed_share"].evaluate(one)
    assert share.value > 10.0
    assert BY_NAME["soft_crushed_share"].evaluate(two) == share


def test_metal_beyond_yield(solution: Solution) -> None:
    """A tube 0..54 mm long under 1 + 0.1 x MPa yields beyond 30 mm at 4 MPa; a part far below adds volume."""
    tube = replace(solution, yield_MPa={Region.MT1_CORTEX: 4.0})
    assert BY_NAME["metal_yielded_share"].evaluate(tube).value == pytest.approx(100.0 * 24.0 / 54.0)
    ratio = BY_NAME["metal_yield_ratio_p99"].evaluate(tube)
    assert (1.0 + 0.1 * 53.0) / 4.0 < ratio.value < (1.0 + 0.1 * 54.0) / 4.0
    both = replace(solution, yield_MPa={Region.MT1_CORTEX: 4.0, Region.DP1_CORTEX: 100.0})
    assert BY_NAME["metal_yielded_share"].evaluate(both).value == pytest.approx(100.0 * 24.0 / (54.0 + 18.0))
    assert BY_NAME["metal_yield_ratio_p99"].evaluate(both) == ratio


def test_yield_stress_comes_from_the_materials(tmp_path: Path, case: Case, bricks: Bricks) -> None:
    """Of every region that names such a metal, and the quantities say so where there is none."""
    data = case.resolved()
    metal = {key: {"source": "A test", "status": "assumed", "value": value} for key, value in METAL.items()}
    data["materials"]["cortical"] = {"law": "elastic_plastic_flag"} | metal
    made = Case.model_validate(data)
    steel = load(*write_case(tmp_path / "steel", made, bricks), made)
    assert {region for region, name in case.tissues.items() if name == "cortical"} == {
        region.label for region in steel.yield_MPa
    }
    assert set(steel.yield_MPa.values()) == {172.0}
    bare = load(*write_case(tmp_path / "bare", case, bricks), case)
    for name in ("metal_yielded_share", "metal_yield_ratio_p99"):
        assert BY_NAME[name].evaluate(bare) == Measured(0.0, note=NOT_MODELLED)
        assert BY_NAME[name].evaluate(steel).note == ""


def test_posture_comes_from_the_mesh(take: Take) -> None:
    """Angles are those of geometry.json."""
    assert take("mtp1_dorsiflexion").value == 40.0
    assert take("first_ray_elevation").value == 1.0


@pytest.mark.parametrize("fault", ["not finite", "missing", "shape"])
def test_damaged_fields_are_refused(tmp_path: Path, case: Case, bricks: Bricks, fault: str) -> None:
    """NaN, a missing data set or a wrong shape stop with the file and the data set named."""
    import h5py

    case_dir, mesh_dir = write_case(tmp_path, case, bricks, stress=uniaxial_stress)
    with h5py.File(case_dir / "fields.h5", "r+") as file:
        if fault == "not finite":
            file["stress_MPa"][0, 0, 0] = np.nan
        else:
            del file["stress_MPa"]
            if fault == "shape":
                file["stress_MPa"] = np.zeros((3, 6))
    with pytest.raises(MeshError, match=f"fields.h5.*'stress_MPa'.*{fault}"):
        load(case_dir, mesh_dir, case)


def test_floor_moment_of_even_pressure(solution: Solution, take: Take) -> None:
    """Even pressure on the strip beyond a joint: M = p w (x_2 - c)^2 / 2, moved or not."""
    hallux = solution.sole_facets[solution.facets_of(Sole.SOLE_HALLUX)]
    x = solution.points[np.unique(hallux), 0]
    width, end = solution.sole_area[solution.facets_of(Sole.SOLE_HALLUX)].sum() / np.ptp(x), x.max()
    wanted = 0.1 * width * (end - 85.0) ** 2 / 2.0
    assert take("ip_floor_moment").value == pytest.approx(wanted, rel=0.01)  # facets count by their centres
    moved = replace(solution, displacement=solution.displacement + np.array([3.0, -2.0, 1.0]))
    assert BY_NAME["ip_floor_moment"].evaluate(moved).value == pytest.approx(take("ip_floor_moment").value)


def test_contact_and_cables_come_from_the_last_step(solution: Solution) -> None:
    """What the solver wrote is what is reported; what it did not model is zero and says so."""
    last = solution.last_step | {
        "contacts": {"ip": {"force_N": [3.0, 0.0, -4.0], "area_mm2": 20.0, "peak_pressure_MPa": 1.5}},
        "attached": {"fhl": {"tension_N": 250.0}, "mtp1": {"moment_Nmm": 700.0}},
    }
    after = replace(solution, steps={**solution.steps, "steps": [solution.last_step, last]})

    def value(name: str) -> float:
        measured = BY_NAME[name].evaluate(after)
        assert measured.note == ""
        return measured.value

    assert (value("ip_contact_force"), value("ip_contact_area")) == (5.0, 20.0)
    assert value("ip_contact_peak_pressure") == 1.5
    assert (value("tension_fhl"), value("mtp1_law_moment")) == (250.0, 700.0)
    for name in ("mtp2_contact_force", "tension_ehl", "tmt1_law_moment"):
        assert BY_NAME[name].evaluate(after) == Measured(0.0, note=NOT_MODELLED)


def test_every_cable_of_a_case_has_its_tension() -> None:
    assert set(CABLES) == set(Cables.model_fields)
