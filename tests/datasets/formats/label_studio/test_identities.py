"""Pairs and clusters: answers become identities."""

import pytest

from datasets.formats.format import Losses
from datasets.formats.label_studio import (
    Interface,
    group_samples,
    joined_identities,
    result_of,
    task_data,
)
from datasets.samples import Sample
from serving.core.errors import LabelError
from tests.datasets.formats.label_studio.made_up import answer, choices, written


def crop(name, identity=None, **values):
    return Sample(f"{name}.png", identity=identity, **values)


def test_without_named_pairs_each_sample_is_asked_with_the_next_of_its_identity():
    samples = [crop("a", "X"), crop("b", "Y"), crop("c", "X"), crop("d", "Y"), crop("e", "X")]
    pairs = group_samples(Interface.IDENTITY_PAIRS, samples)
    assert [tuple(s.path[0] for s in pair) for pair in pairs] == [
        ("a", "c"),
        ("c", "e"),
        ("b", "d"),
    ]


def test_named_pairs_are_asked_as_named_and_one_of_three_is_refused():
    samples = [crop(n, properties={"pair": p}) for n, p in (("a", "1\n2"), ("b", "1"), ("c", "2"))]
    pairs = list(group_samples(Interface.IDENTITY_PAIRS, samples))
    assert [tuple(s.path[0] for s in pair) for pair in pairs] == [("a", "b"), ("a", "c")]
    with pytest.raises(LabelError, match="expected two samples"):
        list(
            group_samples(Interface.IDENTITY_PAIRS, [*samples, crop("d", properties={"pair": "1"})])
        )


@pytest.mark.parametrize(
    "identities, word, expected",
    [
        (("X", None), "same", ("X", "X")),
        ((None, "Y"), "same", ("Y", "Y")),
        (("X", "Y"), "same", ("X", "X")),
        ((None, None), "same", ("a.png", "a.png")),
        (("X", "X"), "different", ("X", None)),
        (("X", "Y"), "different", ("X", "Y")),
    ],
)
def test_an_answer_about_a_pair_becomes_an_identity(identities, word, expected):
    pair = [crop("a", identities[0]), crop("b", identities[1])]
    found = answer(Interface.IDENTITY_PAIRS, pair, [choices("answer", word)])
    assert tuple(sample.identity for sample in found) == expected


def test_unsure_changes_no_supposed_identity_that_differs_and_is_kept_as_an_answer():
    pair = [crop("a", "X"), crop("b", "Y")]
    found = answer(Interface.IDENTITY_PAIRS, pair, [choices("answer", "unsure")])
    assert [sample.properties for sample in found] == [
        {"unsure_of": "b.png"},
        {"unsure_of": "a.png"},
    ]
    assert result_of(Interface.IDENTITY_PAIRS, found) == [
        {"id": "answer", "from_name": "answer", "to_name": "left", "type": "choices"}
        | {"value": {"choices": ["unsure"]}}
    ]


def test_an_answer_takes_the_place_of_an_earlier_one_about_the_same_pair_alone():
    pair = [
        crop("a", properties={"unsure_of": "b.png\nc.png"}),
        crop("b", properties={"unsure_of": "a.png"}),
    ]
    found = answer(Interface.IDENTITY_PAIRS, pair, [choices("answer", "same")])
    assert [sample.identity for sample in found] == ["a.png", "a.png"]
    assert [sample.properties for sample in found] == [{"unsure_of": "c.png"}, {}]


def test_the_same_as_a_third_is_the_same_and_sets_held_apart_share_no_name():
    def asked(one, other, word):
        return answer(
            Interface.IDENTITY_PAIRS, [crop(one, "X"), crop(other, "X")], [choices("answer", word)]
        )

    losses = Losses()
    groups = [asked("a", "b", "different"), asked("b", "c", "same"), asked("c", "d", "same")]
    found = {sample.path[0]: sample.identity for sample in joined_identities(groups, losses)}
    assert found == {"a": None, "b": "X", "c": "X", "d": "X"}
    assert not losses
    joined_identities([*groups, asked("d", "a", "same")], losses)
    assert losses.counts == {"identity.conflict": 1}


def test_ticked_crops_leave_the_cluster_and_the_others_belong():
    cluster = [
        crop("a", "X"),
        crop("b", "X"),
        crop("c", "X"),
        crop("d", "Z", properties={"cluster": "X"}),
    ]
    found = answer(Interface.IDENTITY_CLUSTERS, cluster, [choices("outsiders", "b.png", "d.png")])
    assert [sample.identity for sample in found] == ["X", None, "X", "Z"]
    assert found[1].properties == {"cluster": "X"}
    with pytest.raises(LabelError, match=r"expected its samples, got \['q.png'\]"):
        answer(Interface.IDENTITY_CLUSTERS, cluster, [choices("outsiders", "q.png")])


def test_a_large_cluster_is_asked_on_several_pages_with_the_same_first_crop():
    cluster = [crop(f"{number:02d}", "X") for number in range(26)]
    pages = list(group_samples(Interface.IDENTITY_CLUSTERS, cluster))
    assert [len(page) for page in pages] == [25, 2]
    assert pages[0][0] is pages[1][0] is cluster[0]
    assert (
        task_data(Interface.IDENTITY_CLUSTERS, pages[0], str)["key"]
        != (task_data(Interface.IDENTITY_CLUSTERS, pages[1], str)["key"])
    )


def test_addresses_and_camera_names_cannot_break_out_of_the_gallery():
    cluster = [crop("a", "X"), crop("b", "X", camera="<script>alert(1)</script>")]
    data = task_data(Interface.IDENTITY_CLUSTERS, cluster, lambda s: "/x\" onerror='alert(1)'")
    (choice,) = data["crops"]
    assert "<script" not in choice["html"]
    assert 'src="/x&quot; onerror=&#x27;alert(1)&#x27;"' in choice["html"]


def test_pairs_and_clusters_come_back(tmp_path):
    pairs = [
        crop("a", "X", properties={"pair": "1"}),
        crop("b", "Y", properties={"pair": "1"}),
        crop("c", properties={"pair": "2", "unsure_of": "d.png"}),
        crop("d", properties={"pair": "2", "unsure_of": "c.png"}),
        crop("e", "X"),
        crop("f", "X"),
        crop("g", "X"),
    ]
    assert written(Interface.IDENTITY_PAIRS, pairs, tmp_path) == (pairs, {})
    cluster = [crop(f"{number:02d}", "X") for number in range(40)]
    cluster.append(crop("z", properties={"cluster": "X"}))
    assert written(Interface.IDENTITY_CLUSTERS, cluster, tmp_path) == (cluster, {})
