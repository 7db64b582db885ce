"""MAKNet (arXiv 2005.11746) and its noisy-student transfer, reproduced from raw CT.

The package root imports nothing, so that a script pays only for what it uses.
"""

__version__ = "0.1.0"
