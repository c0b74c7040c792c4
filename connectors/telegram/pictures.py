"""Pictures that are sent: a QR code as PNG, drawn without a library of images."""

from __future__ import annotations

import struct
import zlib

from qrcode import QRCode

SCALE = 10


def draw_qr(text: str) -> bytes:
    """Black on white with the quiet border that readers want; grey of one bit a pixel."""
    code = QRCode(border=4)
    code.add_data(text)
    rows = [b"\0" + _row(modules) for modules in code.get_matrix() for _ in range(SCALE)]
    size = len(code.get_matrix()) * SCALE
    header = struct.pack(">IIBBBBB", size, size, 1, 0, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in parts)


def _row(modules: list[bool]) -> bytes:
    bits = "".join(("0" if dark else "1") * SCALE for dark in modules)
    padded = bits.ljust(-(-len(bits) // 8) * 8, "1")
    return int(padded, 2).to_bytes(len(padded) // 8)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
