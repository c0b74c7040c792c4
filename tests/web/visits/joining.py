from tests.web.visits import Visit

VISITS = [
    Visit(
        "GET /join", own=lambda cast, house: {"partner": house.partner_code}, done=(200, 404)
    ),  # else: which, says the query
    Visit("POST /join", form=lambda cast, house: {"at": house.partner_code, "personal_data": "y"}),
]
