"""What the key `bundle` of the configuration may hold."""

import pytest

from serving.core.errors import ConfigError
from training.settings import BundleSettings

VALUES = {
    "folder": "outputs/bundle",
    "name": "person",
    "version": "1.0.0",
    "licence": "Apache-2.0",
    "commercial_use": False,
    "min_height_px": 40,
}


def test_all_keys_with_values_are_taken():
    assert BundleSettings.of(VALUES).version == "1.0.0"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": 1}, r"key 'bundle.x' \(conf/train.yaml\): expected one of \['folder', .*got 'x'"),
        ({"name": None}, r"key 'bundle.name' \(conf/train.yaml\): expected a value, got none"),
        ({"min_height_px": "abc"}, r"bundle.min_height_px' .*: expected a number .*, got 'abc'"),
        ({"min_height_px": -1}, r"expected a number of zero or more, got -1"),
        ({"min_height_px": float("inf")}, r"expected a number of zero or more, got inf"),
        ({"min_height_px": float("nan")}, r"expected a number of zero or more, got nan"),
        ({"name": "a/b"}, r"key 'bundle.name' .*: expected letters, digits, .*, got 'a/b'"),
        ({"name": ".."}, r"key 'bundle.name' .*: expected letters, digits, .*, got '\.\.'"),
        ({"name": ""}, r"key 'bundle.name' .*: expected text that is not empty, got ''"),
        ({"licence": " "}, r"key 'bundle.licence' .*: expected text that is not empty, got ' '"),
        ({"version": ""}, r"key 'bundle.version' .*: expected text that is not empty, got ''"),
        ({"version": 1.1}, r"key 'bundle.version' .*: expected text, got 1.1"),
    ],
)
def test_a_key_that_is_unknown_empty_or_of_no_use_is_named(change, message):
    with pytest.raises(ConfigError, match=message):
        BundleSettings.of(VALUES | change)


def test_no_bundle_at_all_is_named():
    with pytest.raises(ConfigError, match=r"key 'bundle' \(conf/train.yaml\): .* got null"):
        BundleSettings.of(None)
