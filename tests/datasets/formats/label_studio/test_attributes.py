"""Face attributes: answers of the vocabularies, unsure among them."""

import pytest

from datasets.formats.format import Losses
from datasets.formats.label_studio import (
    Interface,
)
from datasets.samples import Attributes, Sample
from serving.core.errors import LabelError
from serving.core.labels import AgeBand, Gender, Mask
from tests.datasets.formats.label_studio.made_up import PICTURE, answer, choices


def test_unsure_is_an_answer_and_no_label():
    results = [
        choices("age_band", "20-29"),
        choices("gender", "unsure"),
        choices("mask", "incorrect"),
    ]
    (sample,) = answer(Interface.FACE_ATTRIBUTES, [PICTURE], results)
    assert sample.attributes == Attributes(age_band=AgeBand.FROM_20_TO_29, mask=Mask.INCORRECT)
    assert sample.properties == {"gender": "unsure"}


def test_an_age_in_years_outside_the_chosen_band_goes_and_is_counted():
    known = Sample("f.png", attributes=Attributes(age_years=29.5, gender=Gender.MALE))
    losses = Losses()
    (kept,) = answer(Interface.FACE_ATTRIBUTES, [known], [choices("age_band", "20-29")], losses)
    assert kept.attributes == Attributes(age_band=AgeBand.FROM_20_TO_29, age_years=29.5)
    assert not losses
    (changed,) = answer(Interface.FACE_ATTRIBUTES, [known], [choices("age_band", "30-39")], losses)
    assert changed.attributes == Attributes(age_band=AgeBand.FROM_30_TO_39)
    assert losses.counts == {"attributes.age_years": 1}


def test_a_choice_outside_the_vocabulary_and_two_at_once_are_refused():
    with pytest.raises(LabelError, match="expected gender of .*, got 'unknown'"):
        answer(Interface.FACE_ATTRIBUTES, [PICTURE], [choices("gender", "unknown")])
    with pytest.raises(LabelError, match="expected one choice of 'mask'"):
        answer(Interface.FACE_ATTRIBUTES, [PICTURE], [choices("mask", "masked", "unmasked")])
