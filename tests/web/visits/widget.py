from uuid import uuid4

from loyalty import widget
from loyalty.clock import utcnow
from models import transaction
from tests.web.visits import Visit


def a_site(cast, house):
    with cast.nobody.app.app_context(), transaction():
        site = widget.add_site(house.partner_id, f"https://shop{uuid4().hex}.example", by=None, now=utcnow())
        return {"site_id": site.id}


VISITS = [
    Visit("GET /widget/frame", done=(404,)),  # whose, says the query: tests/web/test_widget.py
    Visit("GET /widget/files/<version>/<name>", own=lambda cast, house: {"version": "1", "name": "frame.css"}),
    Visit("POST /partner/widget/sites", form=lambda cast, house: {"origin": "https://shop.example"}),
    Visit("POST /partner/widget/sites/<uuid:site_id>/check", own=a_site),
    Visit("POST /partner/widget/sites/remove", form=lambda cast, house: {"origin": "https://shop.example"}),
    Visit(
        "POST /partner/widget/look",
        form=lambda cast, house: {
            "accent": "#0b6b63",
            "theme": "dark",
            "position": "bottom-left",
            "label_ru": "Бонусы",
        },
    ),
]
