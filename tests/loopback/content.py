"""Small CT series for the loopback archives."""

import numpy as np

from maknet.phantom.anatomy import random_patient
from maknet.phantom.dicom_file import MANUFACTURERS, SeriesFacts, ct_file

IMAGES = 6


def series_files(uid: str, images: int = IMAGES) -> dict[str, bytes]:
    """Return the files of one series by name, as NBIA numbers them."""
    patient = random_patient(np.random.default_rng(0))
    facts = SeriesFacts("P1", "2.25.1", uid, "2.25.2", "CHEST", patient, MANUFACTURERS[1], 1.0, 5.0)
    hu = np.random.default_rng(1).normal(0, 300, (16, 16)).astype(np.float32)
    return {
        f"{number:08d}.dcm": ct_file(facts, hu, (0.0, 0.0, 5.0 * number), number)
        for number in range(1, images + 1)
    }
