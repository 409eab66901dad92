"""A stage is done if and only if its manifest is there, its key is the same and its files are untouched."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline import stage


def finished(folder: Path, key: str = "k") -> None:
    stage.begin(folder, "solve")
    stage.write_text(folder / "a.txt", "result")
    stage.finish(folder, "solve", key, ["a.txt"], ranks=3, seconds=1.0)


def test_a_finished_stage_is_up_to_date(tmp_path: Path) -> None:
    finished(tmp_path)
    assert stage.up_to_date(tmp_path, "solve", "k")
    manifest = stage.Manifest.read(tmp_path, "solve")
    assert manifest is not None
    assert manifest.ranks == 3
    assert manifest.outputs == {"a.txt": stage.sha256_of(tmp_path / "a.txt")}


def test_another_key_a_changed_file_or_a_missing_file_is_not(tmp_path: Path) -> None:
    finished(tmp_path)
    assert not stage.up_to_date(tmp_path, "solve", "other")
    (tmp_path / "a.txt").write_text("changed")
    assert not stage.up_to_date(tmp_path, "solve", "k")
    (tmp_path / "a.txt").unlink()
    assert not stage.up_to_date(tmp_path, "solve", "k")


def test_beginning_again_takes_the_old_manifest_away(tmp_path: Path) -> None:
    finished(tmp_path)
    stage.begin(tmp_path, "solve")
    assert not stage.up_to_date(tmp_path, "solve", "k")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"stage": "solve"}'])
def test_a_damaged_manifest_counts_as_none(tmp_path: Path, text: str) -> None:
    stage.Manifest.path(tmp_path, "solve").write_text(text)
    assert stage.Manifest.read(tmp_path, "solve") is None


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    stage.write_json(path, {"a": 1})
    with pytest.raises(ValueError, match="JSON"):
        stage.write_json(path, {"a": float("nan")})
    assert path.read_text() == '{\n  "a": 1\n}\n'


def test_writers_of_one_file_do_not_share_a_temporary_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    monkeypatch.setattr(Path, "replace", lambda self, _: seen.append(self.name))
    for number in (11, 12):
        monkeypatch.setattr("os.getpid", lambda number=number: number)
        stage.write_text(tmp_path / "x.json", "{}")
    assert len(set(seen)) == 2


def test_hash_of_data_ignores_order_and_sees_values() -> None:
    assert stage.sha256_of_data({"a": 1, "b": 2.5}) == stage.sha256_of_data({"b": 2.5, "a": 1})
    assert stage.sha256_of_data({"a": 1}) != stage.sha256_of_data({"a": 2})


def test_code_hash_sees_the_parts_it_is_given() -> None:
    assert stage.code_hash("mesh") != stage.code_hash("mesh", "regions")
    assert stage.code_hash("mesh", "regions") == stage.code_hash("regions", "mesh")
