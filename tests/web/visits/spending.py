from tests.web.visits import Visit


def form(**fields):
    return lambda cast, house: {"at": house.partner_code} | fields


VISITS = [
    Visit("POST /spend", form=form(points="1"), done=(303, 422)),  # not everybody has something there
    Visit("POST /spend/cancel", form=form(), done=(303, 422)),
]
