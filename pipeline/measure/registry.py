"""The registry: every number a report may show, in the order it is shown."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.measure import carried, floor, references, tissue, whole
from pipeline.measure.gauge import patch_strain
from pipeline.measure.quantity import OURS, Measured, Published, Quantity
from pipeline.measure.solution import Solution
from pipeline.regions import Region, Sole

LARGE_STRAIN = -0.5
"""Principal strain beyond which soft tissue counts as crushed: a choice of this project."""
_SIGMA, _EPSILON, _THETA = (
    "\N{GREEK SMALL LETTER SIGMA}",
    "\N{GREEK SMALL LETTER EPSILON}",
    "\N{GREEK SMALL LETTER THETA}",
)
_STATISTICS = {
    "mean": ("mean", "mean by volume"),
    "p95": ("95th percentile", "the value that 95 % of the volume does not exceed"),
    "p99": ("99th percentile", "the value that 99 % of the volume does not exceed"),
    "peak": (
        "peak",
        "largest value at a stress point (four a cell); depends on the mesh, read the percentile with it",
    ),
}
_MEASURES: dict[str, tuple[tissue.Scalar, str, str, str]] = {
    "von_mises": (
        tissue.equivalent,
        f"{_SIGMA}_vM",
        "von Mises stress",
        "von Mises stress sqrt(3/2 s:s), s the stress deviator,",
    ),
    "compression": (
        tissue.compression,
        f"-{_SIGMA}_3",
        "compression",
        "smallest principal stress, counted positive in compression,",
    ),
    "tension": (tissue.tension, f"{_SIGMA}_1", "tension", "largest principal stress"),
}


def _stress(
    prefix: str,
    measure: str,
    statistics: tuple[str, ...],
    regions: tuple[Region, ...],
    choose: tissue.Choice,
    heading: str,
    place: str,
    published: tuple[Published, ...] = (),
) -> list[Quantity]:
    """Statistics of one stress measure over the stress points of one tissue."""
    scalar, symbol, words, formula = _MEASURES[measure]

    def evaluator(statistic: str) -> Callable[[Solution], Measured]:
        if statistic == "mean":
            return tissue.mean_of(scalar, choose, regions)
        if statistic == "peak":
            return tissue.peak_of(scalar, choose, regions)
        return tissue.percentile_of(scalar, choose, regions, float(statistic.removeprefix("p")))

    return [
        Quantity(
            name=f"{prefix}_{measure}_{statistic}",
            symbol=f"{symbol} {statistic}",
            label=f"{words}, {_STATISTICS[statistic][0]}",
            unit="MPa",
            region=heading,
            statistic=statistic,
            definition=f"{formula} in {place}: {_STATISTICS[statistic][1]}",
            source=OURS,
            evaluate=evaluator(statistic),
            published=published,
            robust_partner=f"{prefix}_{measure}_p99" if statistic == "peak" else "",
        )
        for statistic in statistics
    ]


def _ip() -> list[Quantity]:
    regions = (Region.IP_CARTILAGE_PP1, Region.IP_CARTILAGE_DP1)
    choose, heading = tissue.inside(*regions), "IP joint cartilage"
    place = "both cartilage layers of the hallux interphalangeal joint"
    none = references.IP_STRESS
    return [
        *_stress("ip", "von_mises", ("mean", "p95", "p99", "peak"), regions, choose, heading, place, none),
        *_stress("ip", "compression", ("mean", "p95"), regions, choose, heading, place, none),
    ]


def _mt2() -> list[Quantity]:
    regions, heading = (Region.MT2_CORTEX,), "Second metatarsal cortex"
    choose = tissue.shaft("mt2", *regions)
    place = "the shaft cortex of MT2, 20 to 80 % of its length from the base"
    return [
        *_stress("mt2", "von_mises", ("p95", "p99", "peak"), regions, choose, heading, place),
        *_stress("mt2", "tension", ("p99",), regions, choose, heading, place),
        *_stress("mt2", "compression", ("p99",), regions, choose, heading, place),
        _gauge("dorsal", 1.0, references.DORSAL_STRAIN),
        _gauge("plantar", -1.0),
    ]


def _gauge(side: str, sign: float, published: tuple[Published, ...] = ()) -> Quantity:
    return Quantity(
        name=f"mt2_strain_{side}",
        symbol=f"{_EPSILON}_{side}",
        label=f"{side} mid-shaft axial strain",
        unit="microstrain",
        region="Second metatarsal cortex",
        statistic="patch mean",
        definition=(
            f"normal strain along the long axis on the {side} outer surface at mid-shaft, mean by area over "
            "a patch of 5 mm along by 3 mm across the bone; negative in compression"
        ),
        source="gauge site and size of Arndt et al. 2002, 10.1016/S0021-9290(01)00241-X",
        evaluate=patch_strain("mt2", Region.MT2_CORTEX, Region.MT2_CORE, sign),
        published=published,
    )


def _mt1() -> list[Quantity]:
    regions = (Region.MT1_CORTEX,)
    return _stress(
        "mt1",
        "von_mises",
        ("p95", "p99", "peak"),
        regions,
        tissue.shaft("mt1", *regions),
        heading="First metatarsal cortex",
        place="the shaft cortex of MT1, 20 to 80 % of its length from the base",
    )


def _mtp1() -> list[Quantity]:
    regions = (Region.MTP1_CARTILAGE_MT1, Region.MTP1_GAP, Region.MTP1_CARTILAGE_PP1)
    return _stress(
        "mtp1",
        "von_mises",
        ("p95", "p99", "peak"),
        regions,
        tissue.inside(*regions),
        heading="Big-toe joint (MTP1) layers",
        place="the layers between MT1 and PP1: cartilage and gap, or the callus of a fusion; not an implant",
    )


def _soft() -> list[Quantity]:
    """How far the soft tissue is pressed."""
    limit = f"{-LARGE_STRAIN:.0%}".replace("%", " %")
    return [
        Quantity(
            name="soft_crushed_share",
            symbol=f"V({_EPSILON}_3 < -{limit})",
            label=f"volume pressed by more than {limit}",
            unit="%",
            region="Soft tissue",
            statistic="share",
            definition=(
                "share of the volume of soft tissue and skin with a smallest principal strain beyond "
                f"-{limit}, where its law is least known"
            ),
            source=OURS,
            evaluate=tissue.crushed_share((Region.SOFT_TISSUE, Region.SKIN), LARGE_STRAIN),
        )
    ]


def _metal() -> list[Quantity]:
    """How near metal whose law has a yield stress comes to it."""

    def entry(
        name: str,
        symbol: str,
        label: str,
        unit: str,
        statistic: str,
        definition: str,
        evaluate: Callable[[Solution], Measured],
    ) -> Quantity:
        return Quantity(name, symbol, label, unit, "Metal", statistic, definition, OURS, evaluate)

    ratio = f"{_SIGMA}_vM/{_SIGMA}_y"
    of_all = "of all parts whose material has a yield stress; stress beyond it is not relieved"
    return [
        entry(
            "metal_yielded_share",
            f"V({ratio} > 1)",
            "volume stressed beyond yield",
            "%",
            "share",
            f"share of the volume in which von Mises stress exceeds the yield stress, {of_all}",
            tissue.yielded_share,
        ),
        entry(
            "metal_yield_ratio_p99",
            f"{ratio} p99",
            "von Mises stress over yield stress, 99th percentile",
            "",
            "p99",
            f"the value that 99 % of the volume of a part does not exceed, the largest {of_all}",
            tissue.yield_ratio_p99,
        ),
    ]


def _under(sole: Sole, key: str, heading: str) -> list[Quantity]:
    """Floor quantities of one patch of the sole."""
    at, touching = f"on the facets of {sole.label}", f"facets above {floor.CONTACT_kPa:g} kPa"
    hallux = sole is Sole.SOLE_HALLUX

    def entry(
        name: str,
        symbol: str,
        label: str,
        unit: str,
        definition: str,
        evaluate: Callable[[Sole], Callable[[Solution], Measured]],
        statistic: str = "total",
        published: tuple[Published, ...] = (),
    ) -> Quantity:
        partner = f"{key}_pressure_8mm" if statistic == "peak" else ""
        return Quantity(
            f"{key}_{name}",
            symbol,
            label,
            unit,
            heading,
            statistic,
            definition,
            OURS,
            evaluate(sole),
            published,
            partner,
        )

    force = f"vertical floor force {at}"
    return [
        entry(
            "force",
            "F",
            "floor force",
            "N",
            force,
            floor.force,
            published=references.HALLUX_FORCE if hallux else (),
        ),
        entry(
            "force_bodyweight",
            "F/BW",
            "floor force",
            "% of body weight",
            f"{force} over body weight",
            floor.force_bodyweight,
        ),
        entry(
            "force_share",
            "share",
            "share of the floor force",
            "%",
            f"{force} over the total of all four",
            floor.share,
        ),
        entry(
            "pressure_8mm",
            "p_8",
            "pressure averaged over 8 mm",
            "kPa",
            f"largest mean pressure over discs of {floor.SENSOR_MM:g} mm diameter centred {at}",
            floor.sensor_pressure,
            "largest patch mean",
            references.HALLUX_PRESSURE if hallux else (),
        ),
        entry(
            "pressure_p95",
            "p_95",
            "pressure, 95th percentile",
            "kPa",
            f"facet pressure {at}, {touching}: the value that 95 % of their area does not exceed",
            floor.pressure_p95,
            "p95",
        ),
        entry(
            "pressure_peak",
            "p_max",
            "pressure, peak",
            "kPa",
            f"largest mean pressure of a facet {at}; depends on the mesh, read the 8 mm average with it",
            floor.peak_pressure,
            "peak",
        ),
        entry(
            "contact_area",
            "A",
            "contact area",
            "mm^2",
            f"area of {touching} {at}, unloaded size",
            floor.contact_area,
        ),
    ]


def _global() -> list[Quantity]:
    def entry(
        name: str,
        symbol: str,
        label: str,
        unit: str,
        definition: str,
        evaluate: Callable[[Solution], Measured],
        statistic: str = "total",
    ) -> Quantity:
        return Quantity(name, symbol, label, unit, "Whole model", statistic, definition, OURS, evaluate)

    force = "sum of the vertical floor forces of the four patches"
    centre = "centre of the floor pressure of all facets, from the centre of MTP1,"
    block = "downward displacement of the clamped block at the target force"
    rest = "length of the sum of floor force and block reaction over the target force; 0 in exact balance"
    toe = "angle of the proximal phalanx below the horizontal in the unloaded posture"
    ray = "angle by which the first metatarsal is raised so that the toe does not enter the floor"
    return [
        entry("total_force", "F", "floor force on both rays", "N", force, whole.total_force),
        entry(
            "total_force_bodyweight",
            "F/BW",
            "floor force on both rays",
            "% of body weight",
            f"{force} over body weight",
            whole.total_force_bodyweight,
        ),
        entry("descent", "d", "descent of the proximal block", "mm", block, whole.descent),
        entry(
            "cop_distal",
            "x_cop",
            "centre of pressure, distal of the big-toe joint",
            "mm",
            f"{centre} positive towards the toes",
            floor.centre_from_joint(0, 1.0),
            "centre",
        ),
        entry(
            "cop_lateral",
            "y_cop",
            "centre of pressure, lateral of the big-toe joint",
            "mm",
            f"{centre} positive towards the second ray",
            floor.centre_from_joint(1, -1.0),
            "centre",
        ),
        entry(
            "mtp1_dorsiflexion",
            f"{_THETA}_MTP1",
            "dorsiflexion of the big-toe joint",
            "deg",
            "angle of the proximal phalanx against the first metatarsal in the unloaded posture",
            whole.posture("mtp1_dorsiflexion_deg"),
            "as built",
        ),
        entry(
            "hallux_declination",
            f"{_THETA}_hallux",
            "hallux pointing down",
            "deg",
            toe,
            whole.posture("hallux_declination_deg"),
            "as built",
        ),
        entry(
            "first_ray_elevation",
            f"{_THETA}_ray",
            "first ray lifted",
            "deg",
            ray,
            whole.posture("first_ray_elevation_deg"),
            "as built",
        ),
        entry("force_imbalance", "|sum F|/F", "force out of balance", "", rest, whole.imbalance, "check"),
        entry(
            "unseen_penetration",
            "g_unseen",
            "skin outside the sole patches, below the floor",
            "mm",
            "depth below the floor of the lowest loaded surface vertex that is in no sole facet; 0 if none",
            floor.unseen_penetration,
            "check",
        ),
    ]


REGISTRY: tuple[Quantity, ...] = (
    *_ip(),
    *_mt2(),
    *_under(Sole.SOLE_HALLUX, "hallux", "Under the hallux"),
    *_under(Sole.SOLE_MT1_HEAD, "mt1_head", "Under the first metatarsal head"),
    *_under(Sole.SOLE_MT2_HEAD, "mt2_head", "Under the second metatarsal head"),
    *_under(Sole.SOLE_TOE2, "toe2", "Under the second toe"),
    *carried.moments(),
    *carried.contacts(),
    *carried.tensions(),
    *_mtp1(),
    *_mt1(),
    *_soft(),
    *_metal(),
    *_global(),
)
