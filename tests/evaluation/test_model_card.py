"""Cards say what the bundle says, and can be written again at any time."""

import json
import shutil
from dataclasses import replace

import pytest

from datasets.manifest import FileEntry, Manifest
from evaluation.figure import Figure, Metric
from evaluation.model_card import render_card, update_card
from serving.core.bundle import CARD_FILE, METADATA_FILE, Bundle
from serving.core.errors import BundleError

AP50 = Figure(Metric.AP50, 0.8932, 4476, "true boxes", "sample, all frames", 0.871, 0.912)
SWITCHES = Figure(Metric.ID_SWITCHES, 1234.0, 19, "people", "sample", unit="count")
TIME = Figure(Metric.TRACKER_TIME, 0.21, 795, "frames", "sample", 0.2, 0.22, unit="ms")


@pytest.fixture
def folder(zoo_bundle, tmp_path):
    """A copy of the zoo bundle without figures, parity or manifest."""
    folder = shutil.copytree(zoo_bundle, tmp_path / "bundle")
    (folder / "manifest.json").unlink(missing_ok=True)
    path = folder / METADATA_FILE
    path.write_text(json.dumps({**json.loads(path.read_text()), "metrics": {}, "parity": {}}))
    return folder


def rows(card, heading):
    """Cells of the first table below a heading, without its head."""
    section = card.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_the_card_states_licence_input_and_origin(folder):
    bundle = replace(
        Bundle.load(folder), derived_from="YOLOX-nano, Apache-2.0", commercial_use=False
    )
    card = render_card(bundle)
    height, width = bundle.input_size_hw
    assert card.startswith(f"# {bundle.name} {bundle.version}\n")
    assert f"`uint8 (N, {height}, {width}, 3)` BGR, letterbox" in card
    assert "| Licence of the weights | Apache-2.0 |" in card
    assert "| Commercial use | no: " in card
    assert ["Started from", "YOLOX-nano, Apache-2.0"] in rows(card, "Origin")
    assert ["Command", f"`{bundle.training_command}`"] in rows(card, "Origin")
    for heading in ("Intended use", "Limits", "Privacy"):
        assert f"\n## {heading}\n" in card


def test_the_card_says_how_small_people_may_be_where_the_bundle_does(folder):
    bundle = Bundle.load(folder)
    assert "at least 40 px high" in render_card(replace(bundle, min_height_px=40.0))
    assert "px high" not in render_card(replace(bundle, min_height_px=0.0))


def test_a_bundle_that_was_not_measured_says_so(folder):
    card = render_card(Bundle.load(folder))
    assert "## How good\n\nNot measured yet.\n" in card
    assert "## Parity\n\nNot checked.\n" in card


def test_figures_come_with_interval_n_data_and_command(folder):
    update_card(folder, [AP50, SWITCHES, TIME], "python -m evaluation task=sample")
    card = (folder / CARD_FILE).read_text()
    assert rows(card, "How good") == [
        ["AP50", "0.893", "0.871 to 0.912", "4,476 true boxes", "sample, all frames"],
        ["IDSW", "1,234", "none", "19 people", "sample"],
        ["tracker_ms_per_frame", "0.210 ms", "0.200 ms to 0.220 ms", "795 frames", "sample"],
    ]
    assert "Measured again by `python -m evaluation task=sample`." in card


def test_an_update_without_figures_keeps_them_and_writes_the_same_card(folder):
    update_card(folder, [AP50], "python -m evaluation task=sample")
    metadata, card = (folder / METADATA_FILE).read_text(), (folder / CARD_FILE).read_text()
    (folder / CARD_FILE).write_text("edited by hand")
    update_card(folder)
    assert (folder / CARD_FILE).read_text() == card
    assert (folder / METADATA_FILE).read_text() == metadata


def test_what_was_measured_before_stays_beside_new_figures(folder):
    bundle = Bundle.load(folder)
    validation = {"num_images": 25, "start": {"ap": 0.3}, "trained": {"ap": 0.4}}
    (folder / METADATA_FILE).write_text(
        replace(bundle, metrics={"validation": validation}).to_json()
    )
    update_card(folder, [AP50])
    card = (folder / CARD_FILE).read_text()
    assert Bundle.load(folder).metrics["validation"] == validation
    assert "| Weights | AP |\n|---|---|\n| start | 0.300 |\n| trained | 0.400 |\n" in card


def test_the_cost_of_a_lower_precision_stands_in_the_card(folder):
    difference = {"box_px": 12.3, "any_box_px": 99.0, "score": 0.04, "average_precision": 0.3977}
    parity = {
        "reference": "torch-f32",
        "num_frames": 8,
        "box_tolerance_px": 0.5,
        "score_tolerance": 0.001,
        "score_floor": 0.01,
        "max_difference": {"openvino-bf16": difference},
    }
    card = render_card(replace(Bundle.load(folder), parity=parity))
    assert rows(card, "Parity") == [["openvino-bf16", "12", "0.04", "0.3977"]]


def test_the_training_data_and_its_licence_are_named(folder):
    manifest = Manifest("our-shop", "a.json", "CC BY 4.0", True, (FileEntry("a", "0" * 64, 1),))
    manifest.write(folder)
    bundle = Bundle.load(folder)
    with pytest.raises(BundleError, match=r"manifest\.json: expected sha256"):
        render_card(bundle)
    origin = rows(render_card(replace(bundle, data_manifest_sha256=manifest.sha256)), "Origin")
    assert ["Training data", "our-shop: 1 file (a.json)"] in origin
    assert ["Licence of the data", "CC BY 4.0; commercial use: yes"] in origin


def test_a_figure_that_lacks_something_leaves_the_bundle_as_it_was(folder):
    broken = replace(Bundle.load(folder), metrics={"evaluation": {"figures": [{"metric": "AP"}]}})
    (folder / METADATA_FILE).write_text(broken.to_json())
    before = (folder / CARD_FILE).read_text()
    with pytest.raises(BundleError, match=r"metrics\.evaluation: expected a figure, got"):
        update_card(folder)
    assert (folder / CARD_FILE).read_text() == before


def test_the_card_in_the_zoo_is_the_generated_one(zoo_bundle):
    assert (zoo_bundle / CARD_FILE).read_text() == render_card(Bundle.load(zoo_bundle))
