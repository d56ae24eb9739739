"""From footage to a data set: written once, whole at any time, never doubled."""

import json

import cv2
import numpy as np
import pytest

from datasets.dataset import SAMPLES_NAME, Dataset, read_samples
from datasets.manifest import FILE_NAME
from datasets.sampling import collection as collection_module
from datasets.sampling.collection import About, Collection
from datasets.sampling.every import Every
from datasets.sampling.run import sample, spread
from datasets.sampling.way import Choice
from serving.core.errors import ConfigError, DatasetError, SourceError
from tests.datasets.sampling.made_up import shot

ABOUT = About(name="door")


class Film:
    """Frames half a second apart; breaks off with an error where the test says so."""

    source = "clip.avi"

    def __init__(self, num_frames=10, breaks_at=None, can_repeat=True):
        self.num_frames, self.breaks_at, self.can_repeat = num_frames, breaks_at, can_repeat
        self.num_reads = 0

    def __iter__(self):
        self.num_reads += 1
        for index in range(self.num_frames):
            if index == self.breaks_at:
                raise SourceError("clip.avi: truncated")
            yield shot(index / 2, np.full((24, 32, 3), 20 * index, np.uint8))

    def notes(self):
        return []


class Named:
    """Chooses the frames of these seconds; with `is_late` only when all footage has ended."""

    def __init__(self, tag, times_s, is_late=False):
        self.tag, self.times_s, self.is_late = tag, times_s, is_late

    def see(self, shot):
        if shot.frame.captured_at in self.times_s and not self.is_late:
            yield Choice.of(shot, self.tag)

    def end(self):
        return ()

    def finish(self):
        for at_s in self.times_s if self.is_late else ():
            yield Choice(f"clip#{round(1000 * at_s)}", self.tag)


class GreyBlur:
    def blurred(self, frame):
        return np.full_like(frame.image, 128)


def run(folder, ways, film=None, **options):
    collection = Collection(folder, ABOUT)
    outcome = sample([film or Film()], ways, collection, **options)
    return collection, outcome


def by_time(folder):
    dataset = Dataset.load(folder)
    dataset.manifest.verify(folder)
    return {float(s.properties["at_s"]): s for s in dataset.samples}


def test_a_frame_that_two_ways_choose_is_written_once_with_both_tags(tmp_path):
    run(tmp_path, [Named("motion", [0.5, 1.0]), Named("unsure", [1.0, 2.0])])
    tags = {at_s: s.tags for at_s, s in by_time(tmp_path).items()}
    assert tags == {0.5: ("motion",), 1.0: ("motion", "unsure"), 2.0: ("unsure",)}
    assert len(list((tmp_path / "images" / "door").iterdir())) == 3


def test_a_sample_says_where_it_comes_from_and_that_nobody_has_labelled_it(tmp_path):
    run(tmp_path, [Named("motion", [1.0])])
    (chosen,) = by_time(tmp_path).values()
    assert chosen.path == "images/door/clip-1000.jpg"
    assert (chosen.camera, chosen.source, chosen.is_labelled) == ("door", "clip.avi", False)
    assert (chosen.image_size_hw, chosen.captured_at) == ((24, 32), None)
    assert chosen.properties == {"origin": "clip#1000", "frame": "1000", "at_s": "1.000"}
    assert int(cv2.imread(str(tmp_path / chosen.path)).mean().round()) == 40


def test_a_choice_without_a_picture_is_read_again(tmp_path):
    film = Film()
    run(tmp_path, [Named("cluster-1", [1.5], is_late=True), Named("motion", [0.5, 1.5])], film)
    tags = {at_s: s.tags for at_s, s in by_time(tmp_path).items()}
    assert tags == {0.5: ("motion",), 1.5: ("motion", "cluster-1")}
    assert film.num_reads == 1  # it was there already
    run(tmp_path, [Named("cluster-1", [2.5], is_late=True)], film)
    assert film.num_reads == 3


def test_a_second_run_changes_nothing_not_even_the_version(tmp_path):
    run(tmp_path, [Every(1.0)])
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    collection, _ = run(tmp_path, [Every(1.0)])
    assert (collection.num_added, collection.num_known) == (0, 5)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_second_run_in_another_way_adds_frames_and_tags_as_the_next_version(tmp_path):
    run(tmp_path, [Every(2.0)])
    first = Dataset.load(tmp_path).manifest
    collection, _ = run(tmp_path, [Named("motion", [0.0, 0.5])])
    assert (collection.num_added, collection.num_known) == (1, 1)
    dataset = Dataset.load(tmp_path)
    assert (dataset.manifest.version, dataset.manifest.parent_sha256) == (2, first.sha256)
    tags = {at_s: s.tags for at_s, s in by_time(tmp_path).items()}
    assert tags == {0.0: ("every", "motion"), 2.0: ("every",), 4.0: ("every",), 0.5: ("motion",)}


def test_what_labelers_added_stays(tmp_path):
    run(tmp_path, [Every(2.0)])
    dataset = Dataset.load(tmp_path)
    line = json.loads((tmp_path / SAMPLES_NAME).read_text().splitlines()[0])
    line |= {"is_labelled": True, "boxes": [{"xyxy_px": [1, 2, 3, 4], "label": "person"}]}
    edited = tmp_path / "edited.jsonl"
    edited.write_text(json.dumps(line))
    (labelled,) = read_samples(edited)
    edited.unlink()
    samples = [labelled, *dataset.samples[1:]]
    Dataset.create(tmp_path, samples, name="door", source="", licence="", commercial_use=False)
    run(tmp_path, [Every(1.0)])
    assert by_time(tmp_path)[0.0] == labelled


def test_footage_that_breaks_off_is_used_as_far_as_it_goes(tmp_path):
    _, outcome = run(tmp_path, [Every(1.0)], Film(breaks_at=5))
    assert [str(problem) for problem in outcome.problems] == ["clip.avi: truncated"]
    assert sorted(by_time(tmp_path)) == [0.0, 1.0, 2.0]


def test_an_interrupted_run_leaves_a_whole_data_set(tmp_path):
    class Interrupted(Film):
        def __iter__(self):
            for frame in super().__iter__():
                if frame.frame.captured_at == 2.5:
                    raise KeyboardInterrupt
                yield frame

    collection = Collection(tmp_path, ABOUT)
    with pytest.raises(KeyboardInterrupt):
        sample([Interrupted()], [Every(1.0)], collection)
    assert sorted(by_time(tmp_path)) == [0.0, 1.0, 2.0]


def test_a_run_that_is_killed_loses_only_what_came_after_the_last_save(tmp_path, monkeypatch):
    monkeypatch.setattr(collection_module, "_SAVED_EVERY", 2)
    collection = Collection(tmp_path, ABOUT)
    for index, frame in enumerate(Film()):
        if index == 5:
            break  # and nothing more: no save
        collection.add(frame, ["every"])
    assert sorted(by_time(tmp_path)) == [0.0, 0.5, 1.0, 1.5]
    run(tmp_path, [Every(0.5)])
    assert len(by_time(tmp_path)) == 10


def test_at_most_so_many_frames_are_spread_over_the_footage_and_the_ways(tmp_path):
    ways = [Every(0.5), Named("unsure", [0.5, 1.0])]
    run(tmp_path, ways, max_frames=4)
    samples = by_time(tmp_path)
    assert len(samples) == 4
    assert sum("unsure" in s.tags for s in samples.values()) == 2
    assert max(samples) >= 2.0


def test_a_second_run_with_the_same_maximum_adds_nothing(tmp_path):
    run(tmp_path, [Every(0.5)], max_frames=4)
    collection, _ = run(tmp_path, [Every(0.5)], max_frames=4)
    assert (collection.num_added, collection.num_known) == (0, 4)


def test_of_a_stream_the_first_frames_up_to_the_maximum_are_taken(tmp_path):
    run(tmp_path, [Every(1.0)], Film(can_repeat=False), max_frames=2)
    assert sorted(by_time(tmp_path)) == [0.0, 1.0]


def test_frames_with_hidden_faces_say_so_and_are_never_mixed_with_others(tmp_path):
    hidden, shown = tmp_path / "hidden", tmp_path / "shown"
    sample([Film()], [Every(2.0)], Collection(hidden, ABOUT, GreyBlur()))
    (first, *_) = by_time(hidden).values()
    assert first.properties["faces"] == "blurred"
    assert cv2.imread(str(hidden / first.path)).mean() == 128
    with pytest.raises(DatasetError, match="expected only frames with faces shown, got 3 with"):
        Collection(hidden, ABOUT)
    run(shown, [Every(2.0)])
    with pytest.raises(DatasetError, match="expected only frames with faces hidden, got 3 with"):
        Collection(shown, ABOUT, GreyBlur())


def test_a_blur_that_fails_writes_no_picture(tmp_path):
    class Failing:
        def blurred(self, frame):
            raise DatasetError("no network")

    with pytest.raises(DatasetError, match="no network"):
        sample([Film()], [Every(2.0)], Collection(tmp_path / "new", ABOUT, Failing()))
    assert not (tmp_path / "new").exists()


def test_a_changed_data_set_is_not_added_to(tmp_path):
    run(tmp_path, [Every(2.0)])
    with (tmp_path / SAMPLES_NAME).open("a") as file:
        file.write("{}\n")
    with pytest.raises(DatasetError, match="expected sha256"):
        Collection(tmp_path, ABOUT)


def test_a_folder_of_other_things_is_not_sampled_into(tmp_path):
    (tmp_path / "holiday.jpg").write_bytes(b"ours")
    with pytest.raises(DatasetError, match=r"an empty folder, got \['holiday\.jpg'\]"):
        Collection(tmp_path, ABOUT)


def test_pictures_of_a_run_that_was_cut_off_before_it_saved_are_taken_up(tmp_path):
    collection = Collection(tmp_path, ABOUT)
    collection.add(next(iter(Film())), ["every"])  # and nothing more: no save
    assert not (tmp_path / FILE_NAME).exists()
    run(tmp_path, [Every(2.0)])
    found = Dataset.load(tmp_path)
    on_disk = {path.relative_to(tmp_path).as_posix() for path in tmp_path.glob("images/*/*")}
    assert on_disk == {sample.path for sample in found.samples}


def test_samples_without_a_manifest_are_not_overwritten(tmp_path):
    run(tmp_path, [Every(2.0)])
    (tmp_path / FILE_NAME).unlink()
    with pytest.raises(DatasetError, match=f"expected a {FILE_NAME} beside {SAMPLES_NAME}"):
        Collection(tmp_path, ABOUT)


def test_no_way_and_no_frame_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="at least one way of choosing frames, got none"):
        run(tmp_path, [])
    with pytest.raises(ConfigError, match="max_frames of at least 1, got 0"):
        run(tmp_path, [Every(1.0)], max_frames=0)


def test_every_beginning_of_a_spread_covers_the_time():
    plan = {str(place): ["every"] for place in range(16)}
    assert spread(plan, 2) == ["0", "8"]
    assert spread(plan, 4) == ["0", "4", "8", "12"]
    assert spread(plan, 99) == list(plan)


def test_kinds_of_choice_take_turns_and_clusters_are_one_kind():
    plan = {str(place): ["every"] for place in range(8)}
    plan |= {"a": ["cluster-1"], "b": ["cluster-2"], "c": ["unsure"]}
    assert spread(plan, 3) == ["0", "a", "c"]
    assert spread(plan, 5) == ["0", "4", "a", "b", "c"]
