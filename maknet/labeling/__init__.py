"""Body parts of whole CT series: where each begins and ends, and reports of it."""
