"""The summary in plain words, every sentence made from the numbers."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.report.comparison import reference
from pipeline.report.results import CaseResult

SAME_PERCENT = 5.0
"""Differences below this are called about the same."""

_JOINT = {
    "normal": "the normal joint",
    "stiff": "the stiff joint",
    "fused": "the fused joint",
    "implant": "the joint with an implant",
}


def number(value: float) -> str:
    """Three significant digits, without an exponent in the usual range."""
    if value == 0.0:
        return "0"
    if value < 0.0:
        return f"\N{MINUS SIGN}{number(-value)}"
    if value >= 100.0:
        return f"{value:,.0f}".replace(",", "\N{NO-BREAK SPACE}")
    if value >= 10.0:
        return f"{value:.1f}"
    if value >= 1.0:
        return f"{value:.2f}"
    return f"{value:.3f}" if value >= 0.01 else f"{value:.2g}"


def change(value: float, base: float) -> str:
    """How a value differs from a base, in words: ``12 % more than``, ``about the same as``."""
    if base == 0.0:
        return "about the same as" if value == 0.0 else "more than"
    percent = 100.0 * (value / base - 1.0)
    if abs(percent) < SAME_PERCENT:
        return "about the same as"
    return f"{abs(percent):.0f} % {'more' if percent > 0 else 'less'} than"


def summary(results: Sequence[CaseResult]) -> list[tuple[str, list[str]]]:
    """Heading and sentences for every case that is compared with the normal one, or for each case alone."""
    base = reference(results)
    if base is None or len(results) == 1:
        return [(result.case.title, _alone(result)) for result in results]
    return [(result.case.title, _against(result, base)) for result in results if result is not base]


def _alone(result: CaseResult) -> list[str]:
    force = result.value("total_force")
    return [
        f"Loaded with {number(force)} N ({result.value('total_force_bodyweight'):.0f} % of body weight), "
        f"the hallux carries {result.value('hallux_force_share'):.0f} %, the first metatarsal head "
        f"{result.value('mt1_head_force_share'):.0f} %, the second metatarsal head "
        f"{result.value('mt2_head_force_share'):.0f} % and the second toe "
        f"{result.value('toe2_force_share'):.0f} %.",
        f"The cartilage of the hallux IP joint is predicted to see a von Mises stress of "
        f"{number(result.value('ip_von_mises_p95'))} MPa (95th percentile by volume).",
        f"The back of the second metatarsal is strained by {number(result.value('mt2_strain_dorsal'))} "
        "microstrain at mid-shaft; the 99th percentile of von Mises stress in its shaft cortex is "
        f"{number(result.value('mt2_von_mises_p99'))} MPa.",
    ]


def _against(result: CaseResult, base: CaseResult) -> list[str]:
    return [
        _posture(result, base),
        _second_ray(result, base),
        _first_ray(result, base),
        _second_metatarsal(result, base),
        _ip(result, base),
    ]


def _joint(result: CaseResult, base: CaseResult) -> str:
    """The joint of a case in words: by its kind, or by the case's title if the base is of that kind too."""
    return f'the joint of "{result.short_title}"' if result.kind == base.kind else _JOINT[result.kind]


def _posture(result: CaseResult, base: CaseResult) -> str:
    bend, normal = result.value("mtp1_dorsiflexion"), base.value("mtp1_dorsiflexion")
    lifted = result.value("first_ray_elevation") - base.value("first_ray_elevation")
    same = result.case.posture.tilt_deg == base.case.posture.tilt_deg
    when = "At the same heel rise" if same else "At a heel rise of its own"
    text = f"{when} {_joint(result, base)} is bent up {bend:.0f}° in place of {normal:.0f}°"
    if lifted >= 0.5:
        return (
            f"{text}; the first ray rolls over the toe and its head is lifted by {lifted:.0f}° at the base."
        )
    return f"{text}; the first ray stays down."


def _second_ray(result: CaseResult, base: CaseResult) -> str:
    def both(case: CaseResult) -> float:
        return case.value("mt2_head_force") + case.value("toe2_force")

    head, base_head = result.value("mt2_head_force"), base.value("mt2_head_force")
    return (
        f"With {_joint(result, base)} the second ray carries {change(both(result), both(base))} with the "
        f"normal joint ({number(both(result))} N against {number(both(base))} N); under the second "
        f"metatarsal head alone it is {number(head)} N against {number(base_head)} N."
    )


def _first_ray(result: CaseResult, base: CaseResult) -> str:
    hallux, base_hallux = result.value("hallux_force"), base.value("hallux_force")
    return (
        f"The hallux carries {change(hallux, base_hallux)} with the normal joint ({number(hallux)} N against "
        f"{number(base_hallux)} N); the first metatarsal head {_head(result)} "
        f"({number(base.value('mt1_head_force'))} N with the normal joint)."
    )


def _head(result: CaseResult) -> str:
    force = result.value("mt1_head_force")
    return "does not touch the floor" if force < 0.5 else f"presses with {number(force)} N"


def _second_metatarsal(result: CaseResult, base: CaseResult) -> str:
    strain, base_strain = result.value("mt2_strain_dorsal"), base.value("mt2_strain_dorsal")
    stress, base_stress = result.value("mt2_von_mises_p99"), base.value("mt2_von_mises_p99")
    return (
        f"In the second metatarsal the 99th percentile of von Mises stress in the shaft cortex is "
        f"{change(stress, base_stress)} with the normal joint ({number(stress)} MPa against "
        f"{number(base_stress)} MPa), the strain on its back at mid-shaft {number(strain)} against "
        f"{number(base_strain)} microstrain."
    )


def _ip(result: CaseResult, base: CaseResult) -> str:
    high, base_high = result.value("ip_von_mises_p95"), base.value("ip_von_mises_p95")
    mean, base_mean = result.value("ip_von_mises_mean"), base.value("ip_von_mises_mean")
    return (
        f"In the cartilage of the IP joint the model predicts {change(high, base_high)} with the normal "
        f"joint for the 95th percentile of von Mises stress ({number(high)} MPa against "
        f"{number(base_high)} MPa; mean {number(mean)} against {number(base_mean)} MPa). No published IP "
        "stress was found to check this against."
    )
