"""Getting data from archives: nothing is trusted because it exists, or because a tool said so."""
