"""What BodyPartExamined of the header says, against what the network saw.

Trackers of archives know the tag as unreliable: it is the name of a protocol, or of what was asked
for. Only the standard's values are repeated in outputs, since the tag may hold anything.
Source: DICOM PS3.16, annex L.
"""

from collections.abc import Collection
from dataclasses import dataclass

_TRUNK = ("chest", "abdomen", "pelvis")
_PARTS = {
    ("chest",): "CHEST THORAX LUNG HEART BREAST STERNUM",
    ("abdomen",): "ABDOMEN UPRABDOMEN LIVER KIDNEY PANCREAS SPLEEN STOMACH COLON GALLBLADDER "
                  "ADRENAL",
    ("pelvis",): "PELVIS BLADDER PROSTATE HIP UTERUS RECTUM",
    ("neck",): "NECK THYROID LARYNX HEADNECK",
    ("spine",): "CSPINE TSPINE LSPINE SSPINE SPINE",
    ("extremity",): "EXTREMITY LEG THIGH KNEE ANKLE FOOT ARM HAND SHOULDER",
    ("abdomen", "pelvis"): "ABDOMENPELVIS ABDPELVIS",
    ("chest", "abdomen"): "CHESTABDOMEN",
    _TRUNK: "CHESTABDPELVIS WHOLEBODY",
    ("neck", "chest"): "NECKCHEST",
    ("neck", "chest", "abdomen"): "NECKCHESTABDOMEN",
    ("neck", *_TRUNK): "NECKCHESTABDPELV",
    (): "HEAD BRAIN SKULL ORBIT SINUS JAW FACE EAR",
}  # fmt: skip
EXPECTED = {tag: parts for parts, tags in _PARTS.items() for tag in tags.split()}
# From head to foot; a scan of one often shows a part of the next.
_ALONG = ("head", "neck", "chest", "abdomen", "pelvis", "extremity")


@dataclass(frozen=True)
class HeaderCheck:
    """BodyPartExamined against the network.

    Attributes:
        said: The tag where it is one of the standard's, `other`, or empty.
        agrees: `yes`, `no`, or `unknown` where there is nothing to compare.
        disagreement: What the header names and the network did not see, in words.
    """

    said: str
    agrees: str
    disagreement: str


def check_header(
    tag: str, seen: Collection[str], much: Collection[str], names: Collection[str]
) -> HeaderCheck:
    """Compare the tag with what was seen.

    Args:
        tag: BodyPartExamined in capitals; empty where it is missing.
        seen: Labels that the network gave to the series.
        much: Those of them that more than a few slices show.
        names: All labels of the network.
    """
    plain = "".join(c for c in tag if c.isalnum())
    if plain not in EXPECTED:
        return HeaderCheck("other" if tag else "", "unknown", "")
    expected = [name for name in EXPECTED[plain] if name in names]
    missing = [name for name in expected if name not in seen]
    other = [part for part in _ALONG if part in much and part not in _near(plain)]
    if not missing and not other:
        return HeaderCheck(plain, "yes" if expected else "unknown", "")
    words = [f"no slice shows {' or '.join(missing)}"] if missing else []
    words += [f"slices show {' and '.join(other)}"] if other else []
    return HeaderCheck(plain, "no", ", and ".join(words))


def _near(tag: str) -> set[str]:
    """Return the regions that a scan of a tag may show: its own and their neighbors."""
    own = EXPECTED[tag] or ("head",)
    if own == ("spine",):
        return set(_ALONG)
    places = [_ALONG.index(part) for part in own]
    return {_ALONG[i] for place in places for i in range(max(place - 1, 0), place + 2) if i < 6}
