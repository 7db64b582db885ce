"""What is given to others: a trained network with its model card."""
