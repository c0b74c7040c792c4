from tests.factories import make_email
from tests.web.visits import Visit

VISITS = [
    Visit("GET /static/<version>/<path:name>", own=lambda cast, house: {"version": "1", "name": "icon.svg"}),
    Visit("POST /language", form=lambda cast, house: {"language": "en", "next": "/login"}),
    Visit("POST /login", form=lambda cast, house: {"contact": make_email()}),
    Visit("POST /login/code", form=lambda cast, house: {"code": "123456"}),
    Visit("POST /login/again"),
    Visit("POST /partner/switch"),
    Visit("POST /logout", ends_session=True),
]
