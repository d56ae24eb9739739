import pytest

from serving.core.errors import BundleError
from serving.core.zoo import load_bundle


def test_bundle_is_named_by_its_folder_or_its_name_in_the_zoo(zoo_bundle):
    assert load_bundle(zoo_bundle.name).ref == load_bundle(str(zoo_bundle)).ref


def test_unknown_bundle_is_refused_with_the_known_ones(zoo_bundle):
    with pytest.raises(BundleError, match=f"'{zoo_bundle.name}'.*got neither"):
        load_bundle("person-nano")
