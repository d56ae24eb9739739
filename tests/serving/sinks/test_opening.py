"""From what an operator writes about outputs to files and sinks."""

import pytest

from serving.core.errors import ConfigError
from serving.settings import Camera, Mode, Outputs
from serving.sinks.opening import all_paths, open_event_sinks, open_frame_sinks
from serving.sinks.sink import partial_path

CAMERAS = {"door": Camera(source="a.avi"), "yard": Camera(source="b.avi")}


@pytest.mark.parametrize("mode", list(Mode))
def test_every_output_that_can_be_written_down_is_listed_and_opened(mode, tmp_path):
    outputs = Outputs(**{key: tmp_path / f"{key}.mp4" for key in Outputs.model_fields})
    paths = all_paths(outputs, CAMERAS)
    names = {path.stem for path in paths}
    for key in Outputs.model_fields:  # one file for all cameras, or one for each
        assert names & {key, f"{key}-door", f"{key}-yard"} in (
            {key},
            {f"{key}-door", f"{key}-yard"},
        )

    opened = open_event_sinks(outputs, mode)
    opened += [sink for sinks in open_frame_sinks(outputs, CAMERAS).values() for sink in sinks]
    assert len(opened) == len(paths)
    for sink in opened:
        sink.abandon()
    for path in paths:  # a video begins with its first frame
        assert path.exists() or partial_path(path).exists() or "video" in path.name


def test_an_output_that_is_not_wanted_is_not_opened():
    assert all_paths(Outputs(), CAMERAS) == []
    assert open_event_sinks(Outputs(), Mode.LIVE) == []
    assert open_frame_sinks(Outputs(), CAMERAS) == {"door": (), "yard": ()}


@pytest.mark.parametrize("other", ["t.txt", "x/../t.txt", "link.txt", "t.txt.partial"])
def test_two_outputs_in_one_file_are_refused_under_whatever_name(other, tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "link.txt").symlink_to(tmp_path / "t.txt")
    outputs = Outputs(mot=tmp_path / "t.txt", mot_detections=tmp_path / other)

    with pytest.raises(ConfigError, match="expected a file for each output, got "):
        all_paths(outputs, {"door": CAMERAS["door"]})
