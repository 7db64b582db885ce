"""LesaNet's evaluation on arrays: AUC, precision, recall, F1, thresholds, intervals."""
