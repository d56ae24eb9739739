"""Pascal VOC: corners counted from 1 and inclusive, splits in lists, safe XML."""

from __future__ import annotations

import pytest

from datasets.formats.format import Losses
from datasets.formats.voc import VocFormat
from datasets.samples import Box, Sample, Split
from serving.core.errors import LabelError

TEMPLATE = """<object><name>person</name><pose>Left</pose><truncated>1</truncated>
<difficult>1</difficult><occluded>0</occluded>
<bndbox><xmin>1</xmin><ymin>11</ymin><xmax>20.5</xmax><ymax>40</ymax></bndbox>{more}</object>"""
OBJECT = TEMPLATE.format(more="")
XML = """<annotation><folder>VOC2012</folder><filename>{name}</filename>
<source><database>x</database></source><size><width>100</width><height>50</height><depth>3</depth>
</size><segmented>{segmented}</segmented>{objects}</annotation>"""


def xml(objects=OBJECT, name="a.jpg", segmented=0):
    return XML.format(objects=objects, name=name, segmented=segmented)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "Annotations").mkdir()
    (tmp_path / "JPEGImages").mkdir()
    (tmp_path / "ImageSets" / "Main").mkdir(parents=True)
    (tmp_path / "Annotations" / "a.xml").write_text(xml(), encoding="utf-8")
    return tmp_path


def listed(folder, **lines):
    for name, text in lines.items():
        (folder / "ImageSets" / "Main" / f"{name}.txt").write_text(text)


def read(root):
    losses = Losses()
    return list(VocFormat().read(root, losses)), dict(losses.counts)


def test_corners_count_pixels_from_1_and_include_the_last(folder):
    (sample,), losses = read(folder)
    assert sample.boxes[0].xyxy_px == (0, 10, 20.5, 40)
    assert (sample.path, sample.image_size_hw) == ("JPEGImages/a.jpg", (50, 100))
    assert losses == {"annotation.source": 1}


def test_one_pixel_is_a_box_and_less_has_no_corners(tmp_path):
    boxes = (Box((4, 6, 5, 7), "one"), Box((4, 6, 4.5, 7), "less"))
    losses = Losses()
    VocFormat().write([Sample("a.jpg", None, (50, 100), boxes=boxes)], tmp_path, losses)
    text = (tmp_path / "Annotations" / "a.xml").read_text()
    assert "<xmin>5</xmin><ymin>7</ymin><xmax>5</xmax><ymax>7</ymax>" in text
    assert dict(losses.counts) == {"box": 1}


def test_flags_fields_and_attributes_are_read_by_name(folder):
    more = (
        "<part><name>head</name></part><action>run</action><attributes>"
        "<attribute><name>gender</name><value>female</value></attribute>"
        "<attribute><name>coat &lt;</name><value>red</value></attribute></attributes>"
    )
    (folder / "Annotations" / "a.xml").write_text(xml(TEMPLATE.format(more=more), segmented=1))
    (sample,), losses = read(folder)
    (box,) = sample.boxes
    assert (box.is_ignored, box.is_occluded, box.attributes.gender) == (True, False, "female")
    assert box.properties == {"pose": "Left", "truncated": "1", "action": "run", "coat <": "red"}
    assert losses == {"annotation.source": 1, "annotation.segmented": 1, "object.part": 1}


def test_a_size_of_zero_is_one_that_is_not_known(folder):
    (folder / "Annotations" / "a.xml").write_text(xml().replace(">100<", ">0<"))
    assert read(folder)[0][0].image_size_hw is None


def test_lists_give_the_split_and_those_of_classes_do_not(folder):
    (folder / "Annotations" / "b c.xml").write_text(xml(name="b c.png"))
    (folder / "JPEGImages" / "d.png").touch()
    listed(folder, train="a\n", val="b c\n", trainval="a\nb c\n", person_train="a  1\n")
    listed(folder, test="d -1\n")
    assert {sample.path: (sample.split, sample.is_labelled) for sample in read(folder)[0]} == {
        "JPEGImages/a.jpg": (Split.TRAIN, True),
        "JPEGImages/b c.png": (Split.VALIDATION, True),
        "JPEGImages/d.png": (Split.TEST, False),
    }


def test_a_picture_is_found_by_the_name_of_its_labels(folder):
    (folder / "JPEGImages" / "a.png").touch()
    (folder / "Annotations" / "a.xml").write_text(xml(name="other.png"))
    assert read(folder)[0][0].path == "JPEGImages/a.png"


def test_a_folder_of_xml_files_beside_their_pictures_is_read(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "a.xml").write_text(xml())
    assert read(tmp_path)[0][0].path == "b/a.jpg"


LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    "<annotation><folder>&b;</folder></annotation>"
)
OPENING = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><annotation>&a;</annotation>'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (LAUGHS, "expected XML without a DTD, got one"),
        (OPENING, "expected XML without a DTD, got one"),
        ('<!DOCTYPE x SYSTEM "http://there/x.dtd"><annotation/>', "without a DTD"),
        ("", "expected XML, got no element found"),
        ("<annotation>&nothing;</annotation>", "expected XML, got undefined entity"),
        (xml()[:-20], "expected XML, got unclosed token: line"),
        ("<annotations/>", "expected <annotation>, got <annotations>"),
        (xml(name="../../etc/passwd"), "path: expected one inside"),
        (
            xml(OBJECT.replace("20.5", "0.5")),
            "object 1: expected xmin ≤ xmax and ymin ≤ ymax, got [1.0",
        ),
        (xml(OBJECT.replace("<xmin>1<", "<xmin>-9<")), "object 1: expected a box with an area"),
        (xml(OBJECT.replace("20.5", "120")), "object 1: expected a box with an area inside 100×50"),
        (xml(OBJECT.replace("20.5", "x")), "object 1: expected a number for 'xmax', got 'x'"),
        (xml(OBJECT.replace("<xmax>20.5</xmax>", "")), "number for 'xmax', got None"),
        (xml("<object><name>a</name></object>"), "object 1: expected a <bndbox>, got none"),
        (xml(OBJECT.replace("<name>person</name>", "")), "label: expected a class name, got ''"),
        (xml(OBJECT.replace("<difficult>1", "<difficult>yes")), "0 or 1 for 'difficult'"),
    ],
)
def test_a_broken_or_hostile_file_is_refused(folder, text, message):
    (folder / "Annotations" / "a.xml").write_text(text)
    with pytest.raises(LabelError) as error:
        read(folder)
    assert str(folder / "Annotations" / "a.xml") in str(error.value)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ({"train": "a\n", "val": "a\n"}, "expected each picture in one list, got 'a' in train"),
        ({"train": "none\n"}, "expected labels or a picture 'none'"),
        ({"train": "../../etc/passwd\n"}, "train.txt:1: path: expected one inside"),
    ],
)
def test_a_list_that_names_what_is_not_there_is_refused(folder, lines, message):
    listed(folder, **lines)
    with pytest.raises(LabelError) as error:
        read(folder)
    assert message in str(error.value)


def test_a_name_of_two_lines_stands_in_no_list_and_is_counted(tmp_path):
    two_lines = Sample("new\nline.jpg", image_size_hw=(50, 100), split=Split.TRAIN)
    plain = Sample("plain.jpg", image_size_hw=(50, 100), split=Split.TRAIN)
    losses = Losses()
    VocFormat().write([two_lines, plain], tmp_path, losses)
    assert losses.counts["sample"] == 1
    assert [sample.path for sample in read(tmp_path)[0]] == ["JPEGImages/plain.jpg"]


def test_text_that_xml_cannot_hold_is_refused(tmp_path):
    sample = Sample("a.jpg", None, (50, 100), boxes=(Box((1, 1, 9, 9), "bell\x07"),))
    with pytest.raises(LabelError, match=r"sample 'a.jpg': expected text that XML can hold"):
        VocFormat().write([sample], tmp_path, Losses())


def test_names_with_dots_and_spaces_are_found_in_the_lists(tmp_path):
    sample = Sample("x y/0..0.jpg", None, (50, 100), split=Split.TRAIN)
    VocFormat().write([sample], tmp_path, Losses())
    assert read(tmp_path)[0] == [
        Sample("JPEGImages/x y/0..0.jpg", None, (50, 100), split=Split.TRAIN)
    ]
