"""All public sets of the catalogue."""

from datasets.catalog.fairface import FAIRFACE
from datasets.catalog.market1501 import MARKET1501
from datasets.catalog.msmt17 import MSMT17
from datasets.catalog.public_set import PublicSet
from datasets.catalog.utkface import UTKFACE

SETS: dict[str, PublicSet] = {
    one.name: one
    for one in (
        MARKET1501,
        MSMT17,
        FAIRFACE,
        UTKFACE,
    )
}
