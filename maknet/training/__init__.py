"""One training loop, and the recipes of the classifiers and of LesaNet."""
