"""The owner's desk: the programme with its calculator, staff, branches, keys of tills, figures,
promotions, services, tiers, invitations of friends, the limits of claims and the poster, the widget, the plan,
and becoming a partner."""

from web.desk import (
    applications,
    branches,
    claims,
    keys,
    nps,
    plan,
    poster,
    programme,
    promotions,
    referrals,
    services,
    settings,
    staff,
    stats,
    tiers,
    widget,
    widget_stats,
)
from web.desk.ways import list_ways

__all__ = ["BLUEPRINTS", "list_ways"]

ROOMS = (
    applications,
    branches,
    claims,
    keys,
    nps,
    plan,
    poster,
    programme,
    promotions,
    referrals,
    services,
    settings,
    staff,
    stats,
    tiers,
    widget,
    widget_stats,
)
BLUEPRINTS = tuple(room.blueprint for room in ROOMS)
