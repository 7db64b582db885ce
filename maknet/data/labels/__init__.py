"""Label tables, relations among labels, pseudo-labels."""
