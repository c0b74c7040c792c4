"""The partner's till: crediting and redeeming, purchases with their refunds, and the partner's own customers."""

from web.till import counter, holds, members, purchases

BLUEPRINTS = (counter.blueprint, holds.blueprint, purchases.blueprint, members.blueprint)
