"""The same slices in two places: fingerprints, the search for alike ones, the proof on pixels."""
