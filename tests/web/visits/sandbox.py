from tests.web.visits import Visit

WHO = {"person_key": "ivan"}

VISITS = [
    Visit("GET /sandbox/telegram/<person_key>", own=lambda cast, house: WHO),
    Visit(
        "POST /sandbox/telegram/<person_key>", own=lambda cast, house: WHO, form=lambda cast, house: {"text": "/start"}
    ),
]
