"""The interfaces: every tag known, every word of our vocabularies, keys free, colours apart."""

import re
from itertools import combinations
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.formats.label_studio import Interface
from labeling import interface as module
from labeling.interface import (
    PALETTE,
    RESERVED_KEYS,
    check,
    hotkeys_of,
    instruction,
    label_config,
    words_of,
)
from serving.core.errors import LabelingError
from serving.core.labels import AgeBand, Behaviour, ClipClass, Gender, Mask

MIN_DELTA_E = 10.0
"""CIEDE2000 between two labels of one page. About 1 is just visible; 10 is told apart at a glance,
also in thin lines. Okabe and Ito's own palette keeps 10.8 in the worst pair."""

# What people see who lack one kind of cone entirely, in linear RGB, severity 1: Machado, Oliveira
# and Fernandes, A Physiologically-based Model for Simulation of Color Vision Deficiency, 2009.
VISION = {
    "trichromacy": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
XYZ_OF_RGB = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
WHITE_XYZ = np.array([0.95047, 1.0, 1.08883])


def root_of(interface, *class_names):
    return ElementTree.fromstring(label_config(interface, class_names or ("person",)))


def control(root, name):
    (found,) = [element for element in root.iter() if element.get("name") == name]
    return found


def words(root, name):
    return [word for word, _ in words_of(control(root, name))]


def linear_rgb(colour):
    share = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    relative = XYZ_OF_RGB @ np.clip(rgb, 0, 1) / WHITE_XYZ
    edge = 6 / 29
    f = np.where(relative > edge**3, np.cbrt(relative), relative / (3 * edge**2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def delta_e(one, other):
    """CIEDE2000 (Sharma, Wu and Dalal, 2005)."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    chroma = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    g = 0.5 * (1 - np.sqrt(chroma**7 / (chroma**7 + 25.0**7)))
    a1, a2 = a1 * (1 + g), a2 * (1 + g)
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = (np.degrees(np.arctan2(b, a)) % 360 for b, a in ((b1, a1), (b2, a2)))
    turn = 0.0 if c1 * c2 == 0 else (h2 - h1 + 180) % 360 - 180
    mean_h = h1 + h2 if c1 * c2 == 0 else (h1 + turn / 2) % 360
    mean_l, mean_c = (l1 + l2) / 2, (c1 + c2) / 2
    t = (
        1
        - 0.17 * np.cos(np.radians(mean_h - 30))
        + 0.24 * np.cos(np.radians(2 * mean_h))
        + 0.32 * np.cos(np.radians(3 * mean_h + 6))
        - 0.20 * np.cos(np.radians(4 * mean_h - 63))
    )
    dl = (l2 - l1) / (1 + 0.015 * (mean_l - 50) ** 2 / np.sqrt(20 + (mean_l - 50) ** 2))
    dc = (c2 - c1) / (1 + 0.045 * mean_c)
    dh = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn) / 2) / (1 + 0.015 * mean_c * t)
    rotation = -2 * np.sqrt(mean_c**7 / (mean_c**7 + 25.0**7))
    rotation *= np.sin(np.radians(60 * np.exp(-(((mean_h - 275) / 25) ** 2))))
    return np.sqrt(dl**2 + dc**2 + dh**2 + rotation * dc * dh)


@pytest.mark.parametrize(
    "one, other, expected",
    [
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
        ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
    ],
)
def test_the_distance_of_colours_is_that_of_the_published_test_data(one, other, expected):
    assert delta_e(one, other) == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize(
    "interface", [Interface.PERSON_BOXES, Interface.PERSON_TRACKS, Interface.BEHAVIOUR]
)
def test_labels_of_one_page_differ_for_people_who_see_no_red_green_or_blue(interface, vision):
    classes = ("person", "staff", "child", "trolley", "pram", "dog")
    colours = {
        e.get("value"): e.get("background") for e in root_of(interface, *classes).iter("Label")
    }
    assert len(colours) >= 5
    seen = {word: lab(VISION[vision] @ linear_rgb(colour)) for word, colour in colours.items()}
    close = {
        (one, other): round(float(delta_e(seen[one], seen[other])), 1)
        for one, other in combinations(seen, 2)
        if delta_e(seen[one], seen[other]) < MIN_DELTA_E
    }
    assert not close


@pytest.mark.parametrize("interface", Interface)
def test_no_two_words_share_a_key_and_none_takes_a_key_of_the_editor(interface):
    keys = list(hotkeys_of(root_of(interface, *"abcdef")).values())
    assert len(set(keys)) == len(keys)
    assert not RESERVED_KEYS & set(keys)


def test_every_word_that_is_asked_has_a_key():
    for interface in Interface:
        for element in root_of(interface).iter():
            for word, key in words_of(element):
                assert key, f"{interface}: {word}"


def test_the_words_are_those_of_our_vocabularies():
    face = root_of(Interface.FACE_ATTRIBUTES)
    assert words(face, "age_band") == list(AgeBand)
    assert [key for _, key in words_of(control(face, "age_band"))] == list("123456789")
    assert words(face, "gender") == [*Gender, "unsure"]
    assert words(face, "mask") == [*Mask, "unsure"]
    clip = root_of(Interface.BEHAVIOUR)
    assert words(clip, "span") == list(Behaviour)
    assert words(clip, "clip_class") == [*ClipClass, "unsure"]
    assert words(root_of(Interface.IDENTITY_PAIRS), "answer") == ["same", "different", "unsure"]


def test_classes_come_before_ignored_with_keys_from_1():
    for interface in (Interface.PERSON_BOXES, Interface.PERSON_TRACKS):
        labels = words_of(control(root_of(interface, "person", "trolley"), "label"))
        assert labels == [("person", "1"), ("trolley", "2"), ("ignored", "q")]


def test_class_names_need_no_care_about_markup():
    name = 'a "b" <c> & é'
    assert words(root_of(Interface.PERSON_BOXES, name), "label") == [name, "ignored"]


@pytest.mark.parametrize(
    "class_names, message",
    [
        (("person", "person"), r"expected each word once, got \['person'\]"),
        (("person", "ignored"), r"expected each word once, got \['ignored'\]"),
        ((), "expected 1 to 6 words, got 0"),
        (tuple("abcdefg"), "expected 1 to 6 words, got 7"),
    ],
)
def test_classes_that_cannot_be_asked_are_refused(class_names, message):
    with pytest.raises(LabelingError, match=message):
        label_config(Interface.PERSON_BOXES, class_names)


@pytest.mark.parametrize(
    "path, attributes, message",
    [
        (".", {"onclick": "x"}, r"<View> \['onclick'\]"),
        (".//Image", {"toName": "video"}, r"<Image> \['toName'\]"),
        (".//RectangleLabels", {"toName": "video"}, "expected a toName of .*, got 'video'"),
        (".//RectangleLabels", {"name": "boxes"}, "expected controls .*, got .*boxes"),
        (".//Label", {"hotkey": "u"}, "expected a key that the editor does not use, got 'u'"),
        (".//Label", {"hotkey": "a"}, r"expected each key once, got \['a'\]"),
    ],
)
def test_a_broken_interface_is_refused_before_a_server_sees_it(path, attributes, message):
    root = root_of(Interface.PERSON_BOXES)
    root.find(path).attrib.update(attributes)
    with pytest.raises(LabelingError, match=message):
        check(root, Interface.PERSON_BOXES)


def test_an_unknown_tag_is_refused():
    root = root_of(Interface.PERSON_BOXES)
    ElementTree.SubElement(root, "RectangelLabels", {"name": "label"})
    with pytest.raises(LabelingError, match="got <RectangelLabels>"):
        check(root, Interface.PERSON_BOXES)


@pytest.mark.parametrize(
    "text, message",
    [
        (None, "expected an interface: No such file"),
        ("<View>", "expected XML"),
        ("<View><Image name='image' value='$image' /></View>", "expected a Panel"),
    ],
)
def test_an_interface_file_that_is_missing_or_broken_is_named(tmp_path, monkeypatch, text, message):
    monkeypatch.setattr(module, "FOLDER", tmp_path)
    if text is not None:
        (tmp_path / "person_boxes.xml").write_text(text)
    with pytest.raises(LabelingError, match=message):
        instruction(Interface.PERSON_BOXES)


@pytest.mark.parametrize("interface", Interface)
def test_the_instruction_says_what_the_page_says(interface):
    text = instruction(interface)
    root = root_of(interface)
    lines = [header.get("value") for header in root.find(".//Panel").iter("Header")]
    assert 3 <= len(lines) <= 8
    items = text.split("<br><br>")
    assert (len(items), items[0]) == (len(lines), lines[0])
    assert re.sub("<[^>]*>", "", text) == "".join(lines)


@given(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=6, unique=True))
@settings(max_examples=20, deadline=None)
def test_classes_take_the_palette_in_order(class_names):
    labels = list(root_of(Interface.PERSON_BOXES, *class_names).iter("Label"))[:-1]
    assert [e.get("background") for e in labels] == list(PALETTE[: len(class_names)])
