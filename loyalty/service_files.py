"""The catalogue as a table: written for a spreadsheet, read back, and what a file would change before it does.

A file adds services and changes those it names, by name; what it does not name stays. Lines that cannot be read are told
and left out.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from loyalty import services
from loyalty.errors import InvalidService, LoyaltyError, ServiceExists, UnreadableFile
from loyalty.money import format_money
from loyalty.names import fold
from loyalty.services import MOST, Draft
from models.partner import Partner
from models.service import Service

COLUMNS = ("name", "category", "price", "minutes", "hidden")
LONGEST = 500_000
"""So many characters a file may have."""
_WORDS = {
    "name": ("name", "название", "услуга", "наименование"),
    "category": ("category", "категория", "группа"),
    "price": ("price", "цена", "стоимость"),
    "minutes": ("minutes", "минуты", "длительность", "длительность, мин"),
    "hidden": ("hidden", "скрыта", "скрыто"),
}
_YES, _NO = ("1", "yes", "да", "true", "x", "х"), ("", "0", "no", "нет", "false")


@dataclass(frozen=True)
class Row:
    """One line of a file and what it would do: `change` is new, changed, same or refused.

    `before` is the service it names; `refusal` why it cannot be.
    """

    line: int
    name: str
    change: str
    draft: Draft | None = None
    before: Service | None = None
    refusal: LoyaltyError | None = None


def write_file(partner_id: UUID) -> str:
    """The living services in their order, as `read_file` reads them; spreadsheets know it for UTF-8 by its first mark."""
    buffer = io.StringIO()
    buffer.write("\ufeff")
    writer = csv.writer(buffer, delimiter=";")
    writer.writerow(COLUMNS)
    for row in services.list_services(partner_id, limit=MOST):
        cells = (_cell(row.name), _cell(row.category), format_money(row.price), row.minutes or "")
        writer.writerow([*cells, "yes" if row.is_hidden else ""])
    return buffer.getvalue()


def decode(content: bytes) -> str:
    """The text of a file: UTF-8, or what Russian spreadsheets write. Raises `UnreadableFile`."""
    for encoding in ("utf-8-sig", "cp1251"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnreadableFile("The file is neither UTF-8 nor Windows-1251.")


def read_file(partner_id: UUID, text: str) -> list[Row]:
    """What each line of the file would do; nothing is changed. Raises `UnreadableFile`."""
    table = _read_table(text)
    names = [fold(word.strip()) for word in table[0]]
    places = {
        column: next((names.index(word) for word in words if word in names), None) for column, words in _WORDS.items()
    }
    if places["name"] is None or places["price"] is None:
        raise UnreadableFile("The first line names no columns “name” and “price”.")
    known = {row.folded: row for row in services.list_services(partner_id, limit=MOST)}
    seen: set[str] = set()
    found = []
    for line, cells in enumerate(table[1:], 2):
        if not any(cell.strip() for cell in cells):
            continue
        values = {
            column: _plain(cells[place]) if place is not None and place < len(cells) else ""
            for column, place in places.items()
        }
        found.append(_read_row(line, values, known, seen))
    return found


def take(partner: Partner, rows: Sequence[Row], *, by: UUID | None, now: datetime) -> None:
    """Do what the lines would do; refused ones do nothing. All or nothing: raises as `services.make`."""
    for row in rows:
        if row.change == "new":
            services.make(partner, row.draft, by=by, now=now)
        elif row.change == "changed":
            services.change(partner, row.before.id, row.draft, by=by)


def _read_table(text: str) -> list[list[str]]:
    text = text.lstrip("\ufeff")
    if len(text) > LONGEST:
        raise UnreadableFile(f"The file is longer than {LONGEST} characters.")
    first = text.partition("\n")[0]
    delimiter = max(";,\t", key=first.count)
    try:
        table = list(csv.reader(io.StringIO(text), delimiter=delimiter, strict=True))
    except csv.Error:
        raise UnreadableFile("The file has quotation marks that do not end.") from None
    if not table or len(table) > MOST + 1:
        raise UnreadableFile(f"The file has no line, or more than {MOST}.")
    return table


def _read_row(line: int, values: dict[str, str], known: dict[str, Service], seen: set[str]) -> Row:
    name = values["name"]
    try:
        draft = services.read_draft(
            name=name,
            price=re.sub(r"[\s₽]|руб\.?", "", values["price"]).replace(",", "."),
            category=values["category"] or None,
            minutes=_read_minutes(values["minutes"]),
            is_hidden=_read_hidden(values["hidden"]),
        )
        folded = fold(draft.name)
        if folded in seen:
            raise ServiceExists()
    except LoyaltyError as refusal:
        return Row(line, name[:200], "refused", refusal=refusal)
    seen.add(folded)
    before = known.get(folded)
    change = "new" if before is None else "changed" if draft.differs(before) else "same"
    return Row(line, draft.name, change, draft, before)


def _read_minutes(text: str) -> int | None:
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,4}", text, re.ASCII):
        raise InvalidService("must be a whole number", field="minutes")
    return int(text)


def _read_hidden(text: str) -> bool:
    if text.casefold() in _YES:
        return True
    if text.casefold() in _NO:
        return False
    raise InvalidService("must be yes or no", field="is_hidden")


def _cell(text: str | None) -> str:
    """As a cell; text that a spreadsheet would take for a formula is made harmless."""
    return f"'{text}" if text and text[0] in "=+-@\t\r'" else text or ""


def _plain(cell: str) -> str:
    """What `_cell` wrote."""
    text = cell.strip()
    return text[1:] if len(text) > 1 and text[0] == "'" and text[1] in "=+-@'" else text
