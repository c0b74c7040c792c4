"""The partner's till: crediting and redeeming, claims, purchases with their refunds, and the partner's own customers."""

from web.till import claims, counter, holds, members, purchases

BLUEPRINTS = (counter.blueprint, holds.blueprint, claims.blueprint, purchases.blueprint, members.blueprint)
