"""What BodyPartExamined of the header says, against what the network saw.

Trackers of archives know the tag as unreliable: it is the name of a protocol, or of what was asked
for. Only the standard's values are repeated in outputs, since the tag may hold anything.
Source: DICOM PS3.16, annex L.
"""

from collections.abc import Collection
from dataclasses import dataclass

_TRUNK = ("chest", "abdomen", "pelvis")
_PARTS = {
    ("chest",): "CHEST THORAX LUNG HEART BREAST TSPINE STERNUM",
    ("abdomen",): "ABDOMEN UPRABDOMEN LIVER KIDNEY PANCREAS SPLEEN STOMACH COLON GALLBLADDER "
                  "ADRENAL LSPINE",
    ("pelvis",): "PELVIS BLADDER PROSTATE HIP UTERUS RECTUM SSPINE",
    ("neck",): "NECK CSPINE THYROID LARYNX HEADNECK",
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


def check_header(tag: str, seen: Collection[str], names: Collection[str]) -> HeaderCheck:
    """Compare the tag with what was seen.

    Args:
        tag: BodyPartExamined in capitals; empty where it is missing.
        seen: Labels that the network gave to the series.
        names: All labels of the network.
    """
    plain = "".join(c for c in tag if c.isalnum())
    if plain not in EXPECTED:
        return HeaderCheck("other" if tag else "", "unknown", "")
    expected = [name for name in EXPECTED[plain] if name in names]
    if not expected:
        return HeaderCheck(plain, "unknown", "")
    missing = [name for name in expected if name not in seen]
    if not missing:
        return HeaderCheck(plain, "yes", "")
    return HeaderCheck(plain, "no", f"no slice shows {' or '.join(missing)}")
