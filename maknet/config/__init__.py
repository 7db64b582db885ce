"""The configuration, read and checked while the workflow is parsed: no numpy, no torch."""
