import numpy as np
import pytest

from datasets.formats import mot
from evaluation.tracking_ablation import WITHOUT, ablation, main
from serving.core.detections import Detections, Tracks
from serving.core.geometry import Homography

NUM_FRAMES = 20


@pytest.fixture
def walkers():
    """Two people who walk apart, as truth and as detections."""
    truth = []
    for index in range(NUM_FRAMES):
        way = 3 * index
        box_px = [(300 - way, 100, 340 - way, 200), (400 + way, 100, 440 + way, 200)]
        truth.append(Tracks(Detections(box_px, [0.9, 0.8]), [1, 2], [0.0, 0.0]))
    return truth, [tracks.detections for tracks in truth]


def test_every_row_takes_one_ingredient_away(walkers):
    truth, detections = walkers
    rows = ablation(truth, detections, 10.0, Homography(np.diag([0.01, 0.01, 1.0])))
    assert [row.name for row in rows] == list(WITHOUT)
    assert all(row.score.identity.idf1 > 0.9 and row.update_ms > 0 for row in rows)


def test_without_a_floor_nothing_is_said_about_it(walkers):
    rows = ablation(*walkers, 10.0)
    assert "no floor" not in [row.name for row in rows]


def test_the_table_comes_from_recorded_files(walkers, tmp_path, capsys):
    truth, detections = walkers
    mot.write_tracks(tmp_path / "gt.txt", dict(enumerate(truth, start=1)))
    mot.write_detections(tmp_path / "det.txt", dict(enumerate(detections, start=1)))
    assert main([str(tmp_path / "gt.txt"), str(tmp_path / "det.txt"), "--rate-hz", "10"]) == 0
    assert "all ingredients" in capsys.readouterr().out


def test_a_missing_file_ends_with_one_message(tmp_path, capsys):
    arguments = [str(tmp_path / "gt.txt"), str(tmp_path / "det.txt"), "--rate-hz", "10"]
    assert main(arguments) != 0
    assert capsys.readouterr().err.startswith(f"error: {tmp_path / 'gt.txt'}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"# a page\n```\ncode\n```\n", ":2: expected a site in YAML: "),
        (b"\xff\xfe\xfa", ": expected a site in YAML: "),
        (b"a page", ": expected a site, got 'a page'"),
    ],
)
def test_a_site_that_is_no_site_ends_with_one_message(walkers, tmp_path, capsys, text, message):
    mot.write_tracks(tmp_path / "gt.txt", dict(enumerate(walkers[0], start=1)))
    site = tmp_path / "README.md"
    site.write_bytes(text)
    tracks = str(tmp_path / "gt.txt")
    assert main([tracks, tracks, "--rate-hz", "10", "--site", str(site)]) == 2
    errors = capsys.readouterr().err
    assert errors.startswith(f"error: {site}{message}")
    assert len(errors.splitlines()) == 1
