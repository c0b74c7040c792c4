"""A QR code as a picture, drawn without a library of images: dark on white, with the quiet border that readers want."""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache
from itertools import groupby

from qrcode import QRCode

SCALE = 10
"""Pixels of a module in a picture that is sent."""
BORDER = 4
"""Modules of quiet around a code that stands alone."""


def draw_png(text: str, scale: int = SCALE) -> bytes:
    """Grey of one bit a pixel."""
    matrix = _matrix(text, BORDER)
    rows = [b"\0" + _row(modules, scale) for modules in matrix for _ in range(scale)]
    size = len(matrix) * scale
    header = struct.pack(">IIBBBBB", size, size, 1, 0, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in parts)


def draw_svg(text: str) -> str:
    """A file of its own, for a printer's shop."""
    size, path = draw_path(text, BORDER)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}">'
        f'<rect width="{size}" height="{size}" fill="#fff"/><path fill="#000" d="{path}"/></svg>'
    )


@lru_cache(maxsize=1000)
def draw_path(text: str, border: int) -> tuple[int, str]:
    """How many modules a side has, and the dark ones as a path, run by run. A page that is looked at again has the same."""
    rows = _matrix(text, border)
    runs = []
    for y, row in enumerate(rows):
        x = 0
        for dark, modules in groupby(row):
            n = len(list(modules))
            if dark:
                runs.append(f"M{x} {y}h{n}v1h-{n}z")
            x += n
    return len(rows), "".join(runs)


def _matrix(text: str, border: int) -> list[list[bool]]:
    code = QRCode(border=border)
    code.add_data(text)
    return code.get_matrix()


def _row(modules: list[bool], scale: int) -> bytes:
    bits = "".join(("0" if dark else "1") * scale for dark in modules)
    padded = bits.ljust(-(-len(bits) // 8) * 8, "1")
    return int(padded, 2).to_bytes(len(padded) // 8)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
