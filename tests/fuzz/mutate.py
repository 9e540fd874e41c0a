"""Small damages of a file's bytes, the same for the same generator."""

from __future__ import annotations

import numpy as np

WORDS = (
    b"\x00" * 4,
    b"\xff" * 4,
    b"\x7f\xff\xff\xff",
    b"-1",
    b"1e999",
    b"NaN",
    b"null",
    b"{",
    b'"',
    b"\n",
    b",",
    b"\xff\xfe",
)


def mutated(content: bytes, generator: np.random.Generator, head: int = 4096) -> bytes:
    """One to four changes, most of them in place; every other one falls into the first `head` bytes, where the structure is."""
    changed = bytearray(content)
    for _ in range(generator.integers(1, 5)):
        size = max(1, len(changed))
        at = int(generator.integers(0, min(size, head) if generator.random() < 0.5 else size))
        length = int(generator.integers(1, 64))
        match generator.choice(6, p=(0.35, 0.3, 0.2, 0.05, 0.05, 0.05)):
            case 0:
                changed[at : at + 1] = bytes([generator.integers(0, 256)])
            case 1:
                changed[at : at + 1] = bytes(
                    [(changed[at] if at < len(changed) else 0) ^ 1 << generator.integers(0, 8)]
                )
            case 2:
                word = WORDS[generator.integers(0, len(WORDS))]
                changed[at : at + len(word)] = word
            case 3:
                del changed[at : at + length]
            case 4:
                changed[at:at] = changed[at : at + length]
            case _:
                other = int(generator.integers(0, size))
                changed[at : at + length] = changed[other : other + length]
    return bytes(changed[: int(generator.integers(0, len(changed) + 1))] if generator.random() < 0.1 else changed)
