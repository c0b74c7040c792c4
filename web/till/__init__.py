"""The partner's till: crediting and redeeming, claims, purchases with their refunds, and the partner's own customers."""

from web.till import claims, counter, holds, members, purchases, sale_codes

ROOMS = (counter, holds, sale_codes, claims, purchases, members)
BLUEPRINTS = tuple(room.blueprint for room in ROOMS)
