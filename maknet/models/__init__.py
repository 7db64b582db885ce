"""The networks of the paper, and loading and saving them."""
