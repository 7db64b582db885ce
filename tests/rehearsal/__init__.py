"""The paper's whole run with every count real and only the pixels small: `make rehearsal`."""
