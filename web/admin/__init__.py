"""The platform admins' rooms: who becomes a partner, and people over all partners."""

from web.admin import applications, corrections, customers, overview

BLUEPRINTS = tuple(room.blueprint for room in (overview, applications, customers, corrections))
