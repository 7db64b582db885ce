"""The labels of the phantom: DeepLesion's own words, with a small ontology of their relations.

The relations are our own simplification of anatomy; the published ontology is not copied.
"""

BODY_PART_PARENTS: dict[str, tuple[str, ...]] = {
    "chest": (),
    "abdomen": (),
    "pelvis": (),
    "neck": (),
    "extremity": (),
    "bone": (),
    "muscle": (),
    "fat": (),
    "blood vessel": (),
    "upper abdomen": ("abdomen",),
    "retroperitoneum": ("abdomen",),
    "lung": ("chest",),
    "left lung": ("lung", "chest"),
    "right lung": ("lung", "chest"),
    "mediastinum": ("chest",),
    "axilla": ("chest",),
    "breast": ("chest",),
    "chest wall": ("chest",),
    "rib": ("chest wall", "bone", "chest"),
    "sternum": ("chest wall", "bone", "chest"),
    "spine": ("bone",),
    "thoracic spine": ("spine", "bone", "chest"),
    "lumbar": ("spine", "bone", "abdomen"),
    "aorta": ("blood vessel",),
    "liver": ("upper abdomen", "abdomen"),
    "spleen": ("upper abdomen", "abdomen"),
    "stomach": ("upper abdomen", "abdomen"),
    "pancreas": ("upper abdomen", "abdomen"),
    "gallbladder": ("abdomen",),
    "adrenal gland": ("retroperitoneum", "abdomen"),
    "left adrenal gland": ("adrenal gland", "retroperitoneum", "abdomen"),
    "right adrenal gland": ("adrenal gland", "retroperitoneum", "abdomen"),
    "kidney": ("retroperitoneum", "abdomen"),
    "left kidney": ("kidney", "retroperitoneum", "abdomen"),
    "right kidney": ("kidney", "retroperitoneum", "abdomen"),
    "intestine": ("abdomen",),
    "small bowel": ("intestine", "abdomen"),
    "abdominal wall": ("abdomen",),
    "psoas muscle": ("muscle",),
    "urinary bladder": ("pelvis",),
    "adnexa": ("pelvis",),
    "pelvic bone": ("bone", "pelvis"),
    "sacrum": ("bone", "pelvis"),
    "groin": ("pelvis",),
    "thigh": ("muscle", "extremity"),
    "femur": ("bone", "extremity"),
    "thyroid gland": ("neck",),
    "trachea": ("mediastinum", "chest"),
    "subcutaneous fat": ("fat",),
}

TYPE_PARENTS: dict[str, tuple[str, ...]] = {
    "nodule": (),
    "mass": (),
    "cyst": (),
    "lung nodule": ("nodule", "lung"),
    "liver mass": ("mass", "liver"),
}

ATTRIBUTES = ("hypoattenuation", "hyperattenuation", "large", "subcentimeter", "oval")

# Direct exclusions, some one way only, as in the published sheet.
EXCLUSIVE: dict[str, tuple[str, ...]] = {
    "chest": ("abdomen", "pelvis", "neck", "extremity"),
    "abdomen": ("chest", "pelvis", "neck", "extremity"),
    "pelvis": ("neck", "extremity"),
    "neck": ("extremity",),
    "bone": ("blood vessel", "muscle", "fat"),
    "lung": ("mediastinum", "chest wall", "breast", "axilla"),
    "left lung": ("right lung",),
    "left kidney": ("right kidney",),
    "left adrenal gland": ("right adrenal gland",),
    "adrenal gland": ("kidney",),
    "liver": ("spleen", "stomach", "pancreas", "retroperitoneum"),
    "spleen": ("stomach", "pancreas", "retroperitoneum"),
    "muscle": ("fat",),
    "spine": ("rib", "sternum", "pelvic bone", "femur"),
    "hypoattenuation": ("hyperattenuation",),
    "large": ("subcentimeter",),
}

# Organs of the synthetic anatomy in which lesions grow, with DeepLesion's coarse lesion type:
# 1 bone, 2 abdomen, 3 mediastinum, 4 liver, 5 lung, 6 kidney, 7 soft tissue, 8 pelvis.
LESION_SITES: dict[str, int] = {
    "right lung": 5, "left lung": 5, "mediastinum": 3, "axilla": 7, "breast": 7, "rib": 1,
    "sternum": 1, "thoracic spine": 1, "lumbar": 1, "aorta": 3, "liver": 4, "spleen": 2,
    "stomach": 2, "pancreas": 2, "gallbladder": 2, "right adrenal gland": 2,
    "left adrenal gland": 2, "right kidney": 6, "left kidney": 6, "small bowel": 2, "intestine": 2,
    "abdominal wall": 7, "psoas muscle": 7, "urinary bladder": 8, "adnexa": 8, "pelvic bone": 1,
    "sacrum": 1, "groin": 8, "thigh": 7, "femur": 1, "thyroid gland": 7, "neck": 7, "trachea": 3,
    "retroperitoneum": 2, "subcutaneous fat": 7,
}  # fmt: skip

PARENTS = {**BODY_PART_PARENTS, **TYPE_PARENTS, **dict.fromkeys(ATTRIBUTES, ())}


def category(term: str) -> str:
    """Return the class of a term as the ontology sheet names it."""
    if term in BODY_PART_PARENTS:
        return "bodypart"
    return "type" if term in TYPE_PARENTS else "attribute"


def with_ancestors(terms: set[str]) -> set[str]:
    """Return the terms and everything that contains them."""
    closed = set(terms)
    while True:
        wider = closed.union(*(PARENTS[term] for term in closed))
        if wider == closed:
            return closed
        closed = wider


def term_list() -> list[str]:
    """Return all terms, classes interleaved as in the published list."""
    parts, others = list(BODY_PART_PARENTS), [*TYPE_PARENTS, *ATTRIBUTES]
    mixed: list[str] = []
    for position, part in enumerate(parts):
        mixed.append(part)
        if position % 4 == 3 and others:
            mixed.append(others.pop(0))
    return mixed + others
