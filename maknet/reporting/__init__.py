"""Tables and figures, of the paper and beside it; torch is never imported."""
