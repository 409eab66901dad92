"""Numbers, verdicts and sentences of the report."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.report import curves
from pipeline.report.comparison import compare, write_comparison
from pipeline.report.inputs import input_rows, status_counts
from pipeline.report.published import hold, judge, predictions
from pipeline.report.results import CaseResult, read_results
from pipeline.report.words import change, number, summary

Results = list[CaseResult]


def test_cases_are_shown_normal_first(results: Results) -> None:
    """Whatever order they were given in."""
    assert [result.name for result in results] == ["normal", "stiff", "fused"]


def test_percent_of_normal(results: Results) -> None:
    """Stress is 1, 1.5 and 2 times: 150 and 200 percent; angles have no percentage."""
    rows = {row.entry["name"]: row for row in compare(results)}
    assert rows["ip_von_mises_mean"].percent_of_normal == [None, pytest.approx(150.0), pytest.approx(200.0)]
    assert rows["mtp1_dorsiflexion"].percent_of_normal == [None, None, None]


def test_without_a_normal_case_there_are_no_percentages(results: Results) -> None:
    """Nothing stands in for the missing case."""
    assert all(row.percent_of_normal == [None, None] for row in compare(results[1:]))


def test_comparison_files_agree(results: Results, tmp_path: Path) -> None:
    """JSON and CSV hold the same numbers; JSON names the reference."""
    write_comparison(tmp_path, results, compare(results))
    data = json.loads((tmp_path / "comparison.json").read_text())
    assert data["reference"] == "normal"
    with (tmp_path / "comparison.csv").open(newline="") as stream:
        table = {line["name"]: line for line in csv.DictReader(stream)}
    for entry in data["quantities"]:
        assert float(table[entry["name"]]["fused"]) == entry["values"]["fused"]


@pytest.mark.parametrize(
    ("value", "sd", "state"),
    [
        (-1534.0, 636.0, "inside"),
        (-2500.0, 636.0, "near"),
        (-3000.0, 636.0, "outside"),
        (-1534.0, None, "open"),
    ],
)
def test_verdicts(value: float, sd: float | None, state: str) -> None:
    """Within one, within two, beyond two standard deviations; no verdict without one."""
    assert judge(value, -1534.0, sd)[1] == state


def test_published_figures_are_held_against_the_normal_joint_only(results: Results) -> None:
    """The measurements were made on normal feet; the rest is marked a prediction."""
    held = hold(results)
    assert {row.case for row in held} == {results[0].case.title}
    assert len(held) == 3
    what = " ".join(words for words, _ in predictions(results))
    assert "IP joint cartilage" in what
    assert "Second metatarsal cortex (Stiff joint, Fused joint)" in what


@pytest.mark.parametrize(
    ("value", "base", "words"),
    [
        (120.0, 100.0, "20 % more than"),
        (70.0, 100.0, "30 % less than"),
        (102.0, 100.0, "about the same as"),
        (3.0, 0.0, "more than"),
    ],
)
def test_changes_in_words(value: float, base: float, words: str) -> None:
    """Direction and size; below 5 % it is about the same."""
    assert change(value, base) == words


def test_numbers_have_three_digits() -> None:
    """Large, small, negative and zero."""
    assert [number(v) for v in (0.0, 0.0123, 1.234, 12.34, 123.4)] == ["0", "0.012", "1.23", "12.3", "123"]
    assert number(-12345.0) == "\N{MINUS SIGN}12\N{NO-BREAK SPACE}345"


def test_sentences_carry_the_numbers(results: Results) -> None:
    """Pressure under the toes doubles with the fused joint: the hallux carries 100 % more."""
    sentences = dict(summary(results))
    fused = " ".join(sentences[results[2].case.title])
    assert "The hallux carries 100 % more than with the normal joint" in fused
    assert "100 % more than with the normal joint for the 95th percentile" in fused
    assert "No published IP stress was found" in fused
    assert results[0].case.title not in sentences


def test_implant_comes_last_and_has_words(folders: dict[str, tuple[Path, Path]]) -> None:
    """A joint with an implant is compared like any other, and is a prediction."""
    names = "implant", "normal", "fused"
    results = read_results([folders[name][0] for name in names], [folders[name][1] for name in names])
    assert [result.kind for result in results] == ["normal", "fused", "implant"]
    implant = " ".join(dict(summary(results))[results[2].case.title])
    assert "With the joint with an implant the second ray carries" in implant
    assert "The hallux carries 20 % more than with the normal joint" in implant
    assert {row.case for row in hold(results)} == {results[0].case.title}
    assert "Hydrogel implant in the metatarsal head" in predictions(results)[1][0]
    assert set(curves.charts(results)) == {"forces", "stresses", "loading"}


def test_a_second_foot_of_the_same_kind_goes_by_its_title(results: Results) -> None:
    """Nobody is told what the normal joint does compared with the normal joint."""
    short = results[0].case.model_copy(update={"name": "short", "title": "Metatarsal 8 mm short (what-if)"})
    raised = results[0].case.posture.model_copy(update={"instant": "midstance"})
    flat = replace(results[0], case=short.model_copy(update={"posture": raised}))
    for other, start in (
        (replace(results[0], case=short), "At the same heel rise the joint of "),
        (flat, "At a heel rise of its own the joint of "),
    ):
        ((heading, sentences),) = summary([results[0], other])
        assert heading == "Metatarsal 8 mm short (what-if)"
        assert sentences[0].startswith(start + '"Metatarsal 8 mm short" is bent up')
        assert sentences[1].startswith('With the joint of "Metatarsal 8 mm short" the second ray carries')


def test_one_case_speaks_for_itself(results: Results) -> None:
    """Without another case the summary gives absolute numbers."""
    ((heading, sentences),) = summary(results[:1])
    assert heading == results[0].case.title
    assert "432 N" in sentences[0]


def test_inputs_differ_in_the_joint_only(results: Results) -> None:
    """The cases share everything but the joint block, as their configurations promise."""
    rows = input_rows(results)
    assert {row.key.split(".")[0] for row in rows if row.shared is None} == {"joint"}
    mass = next(row.shared for row in rows if row.key == "patient.body_mass_kg")
    assert mass is not None
    assert mass.value == str(results[0].case.patient.body_mass_kg.value)
    assert mass.source
    assert sum(count for _, count in status_counts(rows)) > 20


def test_charts_are_the_same_for_the_same_numbers(results: Results) -> None:
    """Drawing twice gives the same text, so reports can be compared as files."""
    first, second = curves.charts(results), curves.charts(results)
    assert first == second
    assert set(first) == {"forces", "stresses", "loading"}


def test_unusable_lists_of_cases_are_refused(folders: dict[str, tuple[Path, Path]], tmp_path: Path) -> None:
    """No case, a case without its mesh, a case twice, a folder never measured: each is named."""
    case_dir, mesh_dir = folders["normal"]
    with pytest.raises(ConfigError, match="at least one case"):
        read_results([], [])
    with pytest.raises(ConfigError, match="one mesh folder for each"):
        read_results([case_dir], [])
    with pytest.raises(ConfigError, match="more than one case is named normal"):
        read_results([case_dir, case_dir], [mesh_dir, mesh_dir])
    with pytest.raises(ConfigError, match="holds no measured case"):
        read_results([tmp_path], [mesh_dir])
