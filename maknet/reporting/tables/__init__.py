"""Tables as CSV, Markdown and HTML."""
