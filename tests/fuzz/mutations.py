"""Damage to a file: by bytes, and by structure."""

from collections.abc import Callable

import numpy as np

Mutation = Callable[[bytes, np.random.Generator], bytes]


def _place(content: bytes, rng: np.random.Generator) -> int:
    """Return a place, half of them in the first kilobytes, where the headers are."""
    span = min(len(content), 4096) if rng.random() < 0.5 else len(content)
    return int(rng.integers(max(span, 1)))


def flip_bit(content: bytes, rng: np.random.Generator) -> bytes:
    damaged = bytearray(content)
    damaged[_place(content, rng)] ^= 1 << int(rng.integers(8))
    return bytes(damaged)


def overwrite(content: bytes, rng: np.random.Generator) -> bytes:
    damaged = bytearray(content)
    for _ in range(int(rng.integers(1, 9))):
        damaged[_place(content, rng)] = int(rng.integers(256))
    return bytes(damaged)


def cut(content: bytes, rng: np.random.Generator) -> bytes:
    return content[: _place(content, rng)]


def insert(content: bytes, rng: np.random.Generator) -> bytes:
    at, count = _place(content, rng), int(rng.choice([1, 2, 3, 16, 512]))
    return content[:at] + rng.bytes(count) + content[at:]


def remove(content: bytes, rng: np.random.Generator) -> bytes:
    at, count = _place(content, rng), int(rng.choice([1, 2, 3, 16, 512]))
    return content[:at] + content[at + count :]


def repeat_block(content: bytes, rng: np.random.Generator) -> bytes:
    at = _place(content, rng)
    block = content[at : at + 512]
    return content[: at + len(block)] + block + content[at + len(block) :]


def swap_blocks(content: bytes, rng: np.random.Generator) -> bytes:
    size = min(512, len(content) // 4)
    first, second = sorted(int(v) for v in rng.integers(max(len(content) - size, 1), size=2))
    if second - first < size or not size:
        return content
    return (content[:first] + content[second : second + size] + content[first + size : second]
            + content[first : first + size] + content[second + size :])  # fmt: skip


def to_crlf(content: bytes, rng: np.random.Generator) -> bytes:
    """Return what a transfer in text mode leaves."""
    return content.replace(b"\n", b"\r\n")


def lie_about_a_length(content: bytes, rng: np.random.Generator) -> bytes:
    """Overwrite two or four bytes with an extreme number, of either byte order."""
    width = int(rng.choice([2, 4]))
    value = int(rng.choice([0, 1, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF])) % (1 << 8 * width)
    at = _place(content, rng)
    order = "little" if rng.random() < 0.5 else "big"
    return content[:at] + value.to_bytes(width, order) + content[at + width :]


def append(content: bytes, rng: np.random.Generator) -> bytes:
    return content + rng.bytes(int(rng.choice([1, 2, 128, 4096])))


def extreme_number(content: bytes, rng: np.random.Generator) -> bytes:
    """Replace a number in text by one that no code expects."""
    digits = [i for i in range(len(content)) if 48 <= content[i] <= 57]
    if not digits:
        return flip_bit(content, rng)
    at = digits[int(rng.integers(len(digits)))]
    words = [b"-1", b"1e999", b"NaN", b"99999999999999999999", b"0", b"1.5", "²".encode(), b""]
    return content[:at] + words[int(rng.integers(len(words)))] + content[at + 1 :]


MUTATIONS: tuple[Mutation, ...] = (
    flip_bit, overwrite, cut, insert, remove, repeat_block, swap_blocks, to_crlf,
    lie_about_a_length, append, extreme_number,
)  # fmt: skip


def mutate(content: bytes, rng: np.random.Generator) -> tuple[str, bytes]:
    """Return the name of a random mutation and what it made of the content."""
    mutation = MUTATIONS[int(rng.integers(len(MUTATIONS)))]
    return mutation.__name__, mutation(content, rng)
