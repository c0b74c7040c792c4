from tests.web.visits import Visit

VISITS = [
    Visit("GET /widget/frame", done=(404,)),  # whose, says the query: tests/web/test_widget.py
    Visit("GET /widget/files/<version>/<name>", own=lambda cast, house: {"version": "1", "name": "frame.css"}),
]
