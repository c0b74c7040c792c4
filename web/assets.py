"""Styles, scripts and pictures of the pages, under an address that changes with their content.

So a browser keeps them for ever and never shows an old one. The styles are one file, joined here in the order of their
names: tokens first, then what is common, then each room's own.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from config import ROOT

FOLDER = ROOT / "web" / "static"
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class Assets:
    """The files as they were at the start."""

    def __init__(self, folder: Path = FOLDER):
        paths = sorted(path for path in folder.rglob("*") if path.suffix in TYPES)
        files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
        self._files = {name: data for name, data in files.items() if not name.startswith("css/")}
        self._files["kopilka.css"] = b"".join(data for name, data in files.items() if name.startswith("css/"))
        digest = hashlib.sha256()
        for name, data in sorted(self._files.items()):
            digest.update(name.encode() + b"\0" + data)
        self.version = digest.hexdigest()[:12]

    def url(self, name: str) -> str:
        """Where a page finds the file. Raises `KeyError` for one that is not there."""
        if name not in self._files:
            raise KeyError(name)
        return f"/static/{self.version}/{name}"

    def find(self, name: str) -> tuple[bytes, str] | None:
        """Content and media type; None when there is no such file."""
        data = self._files.get(name)
        return None if data is None else (data, TYPES[Path(name).suffix])
