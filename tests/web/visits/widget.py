from tests.web.visits import Visit

VISITS = [
    Visit("GET /widget/frame", done=(404,)),  # whose, says the query: tests/web/test_widget.py
    Visit("GET /widget/files/<version>/<name>", own=lambda cast, house: {"version": "1", "name": "frame.css"}),
    Visit("POST /partner/widget/sites", form=lambda cast, house: {"origin": "https://shop.example"}),
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
