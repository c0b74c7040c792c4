"""Reads a QR code back as a phone does: pixels, mask, codewords, text. Of the library only its tables are used.

Errors are not corrected: what we draw has none.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Iterator

from qrcode.base import rs_blocks
from qrcode.util import pattern_position

Matrix = list[list[bool]]

_MASKS: tuple[Callable[[int, int], bool], ...] = (
    lambda y, x: (y + x) % 2 == 0,
    lambda y, x: y % 2 == 0,
    lambda y, x: x % 3 == 0,
    lambda y, x: (y + x) % 3 == 0,
    lambda y, x: (y // 2 + x // 3) % 2 == 0,
    lambda y, x: y * x % 2 + y * x % 3 == 0,
    lambda y, x: (y * x % 2 + y * x % 3) % 2 == 0,
    lambda y, x: ((y + x) % 2 + y * x % 3) % 2 == 0,
)
_ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


def read_png(png: bytes) -> str:
    """The text in a picture of one bit a pixel."""
    width, height, depth, colour = struct.unpack(">IIBB", png[16:26])
    assert png.startswith(b"\x89PNG") and width == height and (depth, colour) == (1, 0)
    start = png.index(b"IDAT") + 4
    packed = zlib.decompress(png[start : png.index(b"IEND") - 8])
    stride = 1 + -(-width // 8)
    rows = [packed[n * stride + 1 : (n + 1) * stride] for n in range(height)]
    return decode(_trim([[not row[x // 8] >> 7 - x % 8 & 1 for x in range(width)] for row in rows]))


def read_svg(svg: str) -> str:
    """The text in a drawing of ours: dark runs of modules."""
    size = int(re.search(r'viewBox="0 0 (\d+) ', svg)[1])
    pixels = [[False] * size for _ in range(size)]
    for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", svg):
        for step in range(int(length)):
            pixels[int(y)][int(x) + step] = True
    return decode(_trim(pixels))


def decode(matrix: Matrix) -> str:
    """The text of a code without its border, a module a cell."""
    version = (len(matrix) - 17) // 4
    format_bits = [matrix[8][x] for x in (0, 1, 2, 3, 4, 5, 7, 8)] + [matrix[y][8] for y in (7, 5, 4, 3, 2, 1, 0)]
    marked = int("".join(str(int(bit)) for bit in format_bits), 2) ^ 0x5412
    level, mask = marked >> 13, _MASKS[marked >> 10 & 7]
    bits = [matrix[y][x] != mask(y, x) for y, x in _path(version)]
    words = [int("".join(str(int(bit)) for bit in bits[n : n + 8]), 2) for n in range(0, len(bits) - 7, 8)]
    return _read(_untangle(words, version, level), version)


def _trim(pixels: Matrix) -> Matrix:
    """Without the quiet border, and each module one cell: its width is a seventh of the finder's."""
    top = next(y for y, row in enumerate(pixels) if any(row))
    left = pixels[top].index(True)
    assert top == left, "the border is equal on all sides"
    scale = (pixels[top][left:].index(False)) // 7
    assert top >= 2 * scale, "a border of two modules at least"
    cells = range(top, len(pixels) - top, scale)
    return [[pixels[y][x] for x in cells] for y in cells]


def _path(version: int) -> Iterator[tuple[int, int]]:
    """The cells that carry data, in the order of the bits."""
    size = 17 + 4 * version
    places = pattern_position(version)
    corners = {(places[0], places[-1]), (places[-1], places[0]), (places[0], places[0])} if places else set()
    aligned = {(y, x) for y in places for x in places} - corners

    def is_data(y: int, x: int) -> bool:
        in_finder = (y < 9 and (x < 9 or x >= size - 8)) or (y >= size - 8 and x < 9)
        in_version = version >= 7 and ((y < 6 and x >= size - 11) or (y >= size - 11 and x < 6))
        in_aligned = any(abs(y - a) <= 2 and abs(x - b) <= 2 for a, b in aligned)
        return not (in_finder or in_version or in_aligned or y == 6 or x == 6)

    up = True
    for right in (*range(size - 1, 6, -2), 5, 3, 1):
        for y in reversed(range(size)) if up else range(size):
            yield from ((y, x) for x in (right, right - 1) if is_data(y, x))
        up = not up


def _untangle(words: list[int], version: int, level: int) -> list[int]:
    """The words of data, block after block; on the picture the blocks take turns."""
    counts = [block.data_count for block in rs_blocks(version, level)]
    blocks: list[list[int]] = [[] for _ in counts]
    following = iter(words)
    for n in range(max(counts)):
        for block, count in zip(blocks, counts, strict=True):
            if n < count:
                block.append(next(following))
    return [word for block in blocks for word in block]


def _read(words: list[int], version: int) -> str:
    bits, text = "".join(f"{word:08b}" for word in words), b""

    def take(count: int) -> int:
        nonlocal bits
        taken, bits = bits[:count], bits[count:]
        return int(taken, 2)

    size = 0 if version < 10 else 1 if version < 27 else 2
    while len(bits) >= 4 and (mode := take(4)):
        length = take({1: (10, 12, 14), 2: (9, 11, 13), 4: (8, 16, 16)}[mode][size])
        if mode == 4:
            text += bytes(take(8) for _ in range(length))
        elif mode == 1:
            groups = [3] * (length // 3) + ([length % 3] if length % 3 else [])
            text += "".join(f"{take((0, 4, 7, 10)[n]):0{n}}" for n in groups).encode()
        else:
            for n in [2] * (length // 2) + [1] * (length % 2):
                pair = take(11 if n == 2 else 6)
                text += (
                    _ALPHANUMERIC[pair // 45] + _ALPHANUMERIC[pair % 45] if n == 2 else _ALPHANUMERIC[pair]
                ).encode()
    return text.decode()
