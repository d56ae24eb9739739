"""`python -m datasets split`: a new version, a table, and refusals."""

from __future__ import annotations

import pytest

from datasets.__main__ import main
from datasets.checks.run import CheckOptions, check
from datasets.dataset import Dataset
from datasets.samples import Sample


@pytest.fixture
def folder(tmp_path):
    """Twenty people, three pictures each by two cameras; 1 and 2 share the bytes of a picture."""
    folder = tmp_path / "people"
    samples = []
    for person in range(20):
        for camera in "12":
            for number in range(3):
                path = f"{person}/{camera}_{number}.txt"
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                is_same = person in (1, 2) and (camera, number) == ("1", 0)
                (folder / path).write_text("same" if is_same else path)
                samples.append(Sample(path, identity=str(person), camera=camera, is_labelled=True))
    Dataset.create(
        folder, samples, name="people", source="x", licence="CC0-1.0", commercial_use=True
    )
    return folder


def split(folder, into, *arguments):
    return main(["split", str(folder), "--into", str(into), *arguments])


def test_a_new_version_is_written_and_what_was_asked_stands_beside_what_was_got(
    folder, tmp_path, capsys
):
    assert split(folder, tmp_path / "new", "--by", "identity", "--stratify", "camera") == 0
    old, new = Dataset.load(folder), Dataset.load(tmp_path / "new")
    assert new.manifest.version == 2
    assert new.manifest.parent_sha256 == old.manifest.sha256
    new.manifest.verify(tmp_path / "new")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["split", "asked", "got", "share"]
    assert lines[1].split() == ["train", "all", "84.0", "84", "70.0%"]
    assert lines[3].split() == ["test", "all", "24.0", "24", "20.0%"]
    assert [line.split()[-2:] for line in lines[4:7]] == [
        ["42", "70.0%"],
        ["6", "10.0%"],
        ["12", "20.0%"],
    ]
    assert lines[-2] == "19 groups"  # two people share a file
    assert lines[-1].startswith("version 2 of 'people'")


def test_its_result_passes_the_check_for_leaks(folder, tmp_path, capsys):
    assert split(folder, tmp_path / "new", "--by", "identity", "--query-per-identity", "1") == 0
    assert "note: test became 8 query and 16 gallery" in capsys.readouterr().out
    findings = check(tmp_path / "new", CheckOptions(decode=False)).findings
    assert {one.kind for one in findings if "across" in one.kind} == set()


def test_the_same_seed_gives_the_same_version(folder, tmp_path):
    for name, seed in (("a", "3"), ("b", "3"), ("c", "4")):
        assert split(folder, tmp_path / name, "--by", "identity", "--seed", seed) == 0
    hashes = [Dataset.load(tmp_path / name).manifest.sha256 for name in "abc"]
    assert hashes[0] == hashes[1] != hashes[2]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--by", "person"], 2, "--by: expected of identity, camera, source, time, got 'person'"),
        (["--by", "identity", "--stratify", "race"], 2, "--stratify: expected of gender"),
        (["--by", "identity", "--shares", "train=1,train=0"], 2, "each split once"),
        (["--by", "identity", "--shares", "train:0.7"], 2, "--shares: expected such as train=0.7"),
        (["--by", "identity", "--shares", "train=0.7,test=0.2"], 2, "add up to 1"),
        (["--by", "camera"], 1, "at least 3 groups for as many splits, got 2: 'camera 1'"),
        (["--by", "time"], 1, "expected captured_at, or a frame of a video, of every sample"),
    ],
)
def test_what_cannot_be_meant_is_one_line_and_writes_nothing(
    folder, tmp_path, capsys, arguments, code, message
):
    assert split(folder, tmp_path / "new", *arguments) == code
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
    assert not (tmp_path / "new").exists()


def test_a_folder_that_holds_a_data_set_is_not_overwritten(folder, capsys):
    before = Dataset.load(folder).manifest.sha256
    assert split(folder, folder, "--by", "identity") == 1
    assert "expected a new or an empty folder" in capsys.readouterr().err
    assert Dataset.load(folder).manifest.sha256 == before
