"""CT in, uint8 images and label tables out."""
