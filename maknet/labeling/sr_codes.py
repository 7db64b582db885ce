"""The codes by which a report names body parts: SNOMED CT where the standard lists one.

No number stands here. A label leads to a keyword of pydicom's own dictionary of codes, and one that
means more than the label, or might, is left out.
"""

from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

SCHEME = "99MAKNET"  # of private codes, whose names begin with 99

# Labels whose words are the keyword, and those whose keyword has other words.
_PLAIN = frozenset([
    "abdomen", "adrenal gland", "aorta", "axilla", "blood vessel", "bone", "breast", "bronchus",
    "cervix", "chest", "chest wall", "diaphragm", "extremity", "femur", "gallbladder", "head",
    "kidney", "liver", "lung", "lymph node", "mediastinum", "neck", "omentum", "ovary", "pancreas",
    "pelvis", "pericardium", "pleura", "retroperitoneum", "rib", "sacrum", "skin", "soft tissue",
    "spine", "spleen", "sternum", "stomach", "thigh", "thoracic spine", "trachea", "upper abdomen",
])  # fmt: skip
_RENAMED = {
    "groin": "InguinalRegion",
    "lower lobe": "LowerLobeOfLung",
    "lumbar": "LumbarSpine",
    "lung apex": "ApexOfLung",
    "small bowel": "SmallIntestine",
    "thyroid gland": "Thyroid",
    "upper lobe": "UpperLobeOfLung",
    "urinary bladder": "Bladder",
}
_SIDES = ("left", "right")


def site(label: str) -> tuple[Code | None, Code | None]:
    """Return the codes of a label's place and of its side; None where there is none."""
    side, _, rest = label.partition(" ")
    if side not in _SIDES:
        side, rest = "", label
    keyword = _RENAMED.get(rest)
    if rest in _PLAIN:
        keyword = "".join(word.capitalize() for word in rest.split())
    if keyword is None:
        return None, None
    return getattr(codes.SCT, keyword), getattr(codes.SCT, side.capitalize()) if side else None


def end_of_scan(end: str) -> Code:
    """Return the code of `cranial` or `caudal`."""
    code: Code = getattr(codes.SCT, end.capitalize())
    return code
