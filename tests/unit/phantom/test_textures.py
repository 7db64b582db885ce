import numpy as np

from maknet.phantom.textures import TEXTURES, draw_textures


def test_textures_are_drawn_the_same_every_time_and_differ() -> None:
    images, classes = draw_textures(20, 32, 1, "train")
    again, _ = draw_textures(20, 32, 1, "train")
    assert images.shape == (20, 3, 32, 32)
    assert images.dtype == np.uint8
    assert np.array_equal(images, again)
    assert np.bincount(classes).tolist() == [2] * len(TEXTURES)
    assert len({image.tobytes() for image in images}) == 20
    other, _ = draw_textures(20, 32, 1, "val")
    assert not np.array_equal(images, other)


def test_every_texture_has_contrast() -> None:
    images, _ = draw_textures(len(TEXTURES), 48, 3, "train")
    assert (images.astype(float).std((2, 3)).max(1) > 8).all()
