"""What a record says of the machine."""

import subprocess
import sys

import numpy as np

from maknet.files import ROOT
from maknet.provenance.environment import peak_memory_mb

ASK = """
import subprocess, sys
from maknet.provenance.environment import peak_memory_mb
before = peak_memory_mb()
subprocess.run([sys.executable, "-c", "held = bytearray(200 << 20)"], check=True)
print(before, peak_memory_mb())
"""


def test_peak_memory_stays_when_memory_is_given_back() -> None:
    before = peak_memory_mb()
    held = np.ones((before + 100) << 17)  # 8 bytes each
    del held
    assert peak_memory_mb() >= before + 100


def test_peak_memory_is_that_of_a_child_but_not_of_the_parent() -> None:
    held = np.ones(400 << 17)
    assert peak_memory_mb() > 400
    said = subprocess.run(
        [sys.executable, "-c", ASK], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    del held
    before, after = map(int, said.split())
    assert before < 200 <= after < 400
