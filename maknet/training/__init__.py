"""Learning: data in order, losses, one loop."""
