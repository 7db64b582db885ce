"""DeepLesion on disk to uint8 triplets and HU patches."""
