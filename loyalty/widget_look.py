"""How a partner's widget looks: its colour, its theme, where the launcher stands and what it says.

White letters stand on the colour, so a light one is made darker when it is set. The theme is the frame's: as the visitor's
device has it, or always one. The place can be overruled by the code on the site.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from loyalty import audit
from loyalty.colours import contrast, darken_until_readable, parse_colour
from loyalty.errors import InvalidLook, InvalidName
from loyalty.names import tidy_name
from models import db
from models.partner import Partner
from models.widget import WidgetLook

HOUSE_COLOUR = "#0b6b63"
"""For partners who chose none."""
THEMES = ("auto", "light", "dark")
"""As the visitor's device has it, or always one."""
POSITIONS = ("bottom-right", "bottom-left")
LONGEST_LABEL = 24
"""So much fits beside the star on a phone."""
SHEETS = {"light": "#ffffff", "dark": "#182022"}
"""What lies under the buttons of the frame in each theme (`widget/frame.css`)."""


@dataclass(frozen=True)
class Look:
    """`colour` is what is drawn, `accent` what the partner chose, None if nothing. A label of None: the usual word."""

    accent: str | None = None
    theme: str = "auto"
    position: str = "bottom-right"
    label_ru: str | None = None
    label_en: str | None = None

    @property
    def colour(self) -> str:
        return self.accent or HOUSE_COLOUR


def show_look(partner: Partner) -> Look:
    row = db.session.get(WidgetLook, partner.id)
    if row is None:
        return Look(partner.accent)
    return Look(partner.accent, row.theme, row.position, row.label_ru, row.label_en)


def set_look(partner: Partner, changes: Mapping[str, Any], *, by: UUID | None, now: datetime) -> Look:
    """Change what `changes` names of a `Look` and leave the rest; returns what was kept.

    The colour may be kept darker than it was asked for. Raises `InvalidColour`, `InvalidLook`.
    """
    kept = {name: _read(name, value) for name, value in changes.items()}
    if "accent" in kept:
        partner.accent = kept["accent"]
        db.session.flush()
    if own := {name: value for name, value in kept.items() if name != "accent"}:
        written = insert(WidgetLook).values(partner_id=partner.id, created_at=now, **own)
        written = written.on_conflict_do_update(index_elements=["partner_id"], set_=own).returning(WidgetLook)
        db.session.scalars(written, execution_options={"populate_existing": True}).one()
    audit.record("widget.look", actor=by, partner_id=partner.id, details=kept)
    return show_look(partner)


def measure(colour: str) -> dict[str, Decimal]:
    """Contrasts as WCAG 2 counts them: of white letters on the colour, and of a button of it on each sheet."""
    pairs = {"letters": "#ffffff"} | {f"on_{theme}": sheet for theme, sheet in SHEETS.items()}
    return {name: _tenths(contrast(colour, other)) for name, other in pairs.items()}


def _tenths(ratio: float) -> Decimal:
    return Decimal(ratio).quantize(Decimal("0.1"), ROUND_DOWN)


def _read(name: str, value: object) -> str | None:
    if name == "accent":
        return darken_until_readable(parse_colour(value)) if value else None
    if name in ("label_ru", "label_en"):
        return _read_label(name, value)
    choices = {"theme": THEMES, "position": POSITIONS}.get(name)
    if choices is None:
        raise InvalidLook("is nothing of a look", field=name)
    if value not in choices:
        raise InvalidLook(f"must be one of {', '.join(choices)}", field=name)
    return value


def _read_label(name: str, value: object) -> str | None:
    try:
        label = tidy_name(value, field=name)
    except InvalidName:
        raise InvalidLook("holds characters that are no text", field=name) from None
    if label is not None and len(label) > LONGEST_LABEL:
        raise InvalidLook(f"has more than {LONGEST_LABEL} characters", field=name)
    return label
