import pytest

from serving.core.wording import one_of, shown, unknown_key

KNOWN = {
    "sink": {"mot": None},
    "mode": "replay",
    "site": None,
    "tracker": {"_target_": "a.B"},
    "backend": {"_target_": "a.C", "_partial_": True, "num_threads": 2},
}


def test_the_closest_name_is_offered_where_one_is_close():
    assert one_of("mott", {"mot", "jsonl"}) == (
        "expected one of ['jsonl', 'mot'], got 'mott'; did you mean 'mot'?"
    )
    assert one_of("zebra", ["trainer"]) == "expected one of ['trainer'], got 'zebra'"


@pytest.mark.parametrize(
    ("value", "text"), [(None, "null"), (True, "true"), ("a", "'a'"), (1.5, "1.5"), ([1], "[1]")]
)
def test_values_are_shown_as_yaml_writes_them(value, text):
    assert shown(value) == text


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("sink.mott", "expected one of ['mot'], got 'mott'; did you mean 'mot'?"),
        ("snk.mot", "expected one of ['backend', 'mode', 'sink', 'site', 'tracker'], got 'snk'; "),
        ("mode.fast", "expected no key in 'mode', which is 'replay', got 'fast'"),
        ("site.name", "expected no key in 'site', which is null, got 'name'"),
        ("tracker.x", "expected an option that stands there; +tracker.x=… hands a.B another"),
        ("backend.threads", "expected one of ['num_threads'], got 'threads'; did you mean "),
        ("backend.threads", "; +backend.threads=… hands a.C another"),
    ],
)
def test_an_unknown_key_is_blamed_on_its_first_wrong_step(key, text):
    message = str(unknown_key(key, KNOWN, "conf/x.yaml"))
    assert message.startswith(f"key '{key}' (conf/x.yaml): ")
    assert text in message
