"""The audit page: from every printed number to its sources, in a browser, offline."""
