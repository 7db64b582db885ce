"""Tables and figures from files, without torch."""
