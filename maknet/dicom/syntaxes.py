"""The compressed transfer syntaxes that are read, by what decodes their pixels."""

from pydicom.uid import (
    JPEG2000,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

BY_PYDICOM = (RLELossless, JPEG2000Lossless, JPEG2000, JPEGBaseline8Bit, JPEGExtended12Bit)
BY_SIMPLEITK = (JPEGLossless, JPEGLosslessSV1, JPEGLSLossless, JPEGLSNearLossless)
