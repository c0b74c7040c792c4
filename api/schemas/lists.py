"""How lists are asked for and answered."""

from __future__ import annotations

from functools import cache

from marshmallow import fields

from api.schemas.fields import Input, Output, Text, Whole


class PageQuery(Input):
    """`cursor` is the `next_cursor` of the page before."""

    cursor = Text(maximum=4000, load_default=None)
    limit = Whole(maximum=100, load_default=20)


class SearchQuery(Input):
    """An empty `query` lists everything."""

    query = Text(minimum=0, maximum=200, load_default="")
    cursor = Text(maximum=200, load_default=None)
    limit = Whole(maximum=200, load_default=50)


@cache
def page_of(schema: type[Output]) -> type[Output]:
    """The answer of a list: ``{"items": [...], "next_cursor": null}``."""
    return Output.from_dict(
        {
            "items": fields.List(fields.Nested(schema), required=True),
            "next_cursor": fields.String(allow_none=True, required=True),
        },
        name=f"{schema.__name__}Page",
    )
