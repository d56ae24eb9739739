from pathlib import Path

import pytest

from serving.core.overrides import chosen_groups, file_of

MAIN = Path("/shop/conf/serve.yaml")
CHOICES = {
    "sink": "default",
    "site": None,
    "trainer": "cpu",
    "trainer/schedule": "long",
    "hydra/help": "default",
}


@pytest.mark.parametrize(
    ("key", "file"),
    [
        ("sink.mot", "conf/sink/default.yaml"),
        ("sink", "conf/sink/default.yaml"),
        ("sinks.mot", "conf/serve.yaml"),
        ("site.name", "conf/serve.yaml"),
        ("trainer.devices", "conf/trainer/cpu.yaml"),
        ("trainer.schedule.warm_up_s", "conf/trainer/schedule/long.yaml"),
        ("hydra.help.header", "conf/serve.yaml"),
    ],
)
def test_a_key_stands_in_the_file_of_its_innermost_group(key, file):
    assert file_of(key, CHOICES, MAIN) == file


def test_groups_are_what_a_command_line_chooses_files_by(tmp_path):
    (tmp_path / "trainer").mkdir()
    (tmp_path / "site").mkdir()
    groups = ["trainer=cpu", "+site=[demo,shop]", "~site"]
    others = ["trainer.devices=1", "mode=live", "trainer=cpu,gpu", "-m", "--cfg", "job"]
    assert chosen_groups([*groups, *others], tmp_path) == groups


@pytest.mark.parametrize("flag", [["--config-dir", "/my conf"], ["-cd", "/my conf"]])
def test_files_of_a_folder_of_ones_own_are_searched_too(flag, tmp_path):
    assert chosen_groups(flag, tmp_path) == ['hydra.searchpath=["file:///my conf"]']
