"""All public sets of the catalogue."""

from datasets.catalog.campus import CAMPUS
from datasets.catalog.coco_persons import COCO_PERSONS
from datasets.catalog.crowdhuman import CROWDHUMAN
from datasets.catalog.face_mask import FACE_MASK
from datasets.catalog.fairface import FAIRFACE
from datasets.catalog.market1501 import MARKET1501
from datasets.catalog.mot_challenge import MOT15, MOT17, MOT20
from datasets.catalog.msmt17 import MSMT17
from datasets.catalog.pa100k import PA100K
from datasets.catalog.pets09 import PETS09
from datasets.catalog.pku_reid import PKU_REID
from datasets.catalog.public_set import PublicSet
from datasets.catalog.shoplifting import SHOPLIFTING
from datasets.catalog.utkface import UTKFACE
from datasets.catalog.wider_face import WIDER_FACE

SETS: dict[str, PublicSet] = {
    one.name: one
    for one in (
        COCO_PERSONS,
        CROWDHUMAN,
        WIDER_FACE,
        MOT15,
        MOT17,
        MOT20,
        PETS09,
        CAMPUS,
        MARKET1501,
        MSMT17,
        PKU_REID,
        FAIRFACE,
        UTKFACE,
        PA100K,
        FACE_MASK,
        SHOPLIFTING,
    )
}
