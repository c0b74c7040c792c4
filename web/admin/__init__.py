"""The platform admins' rooms: who becomes a partner, their plans, and people over all partners."""

from web.admin import applications, corrections, customers, overview, partners

BLUEPRINTS = tuple(room.blueprint for room in (overview, applications, partners, customers, corrections))
