"""The demo partners' sites stand where a browser takes them for a stranger's."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from api import create_app
from sandbox import sites, world
from sandbox.application import add_sandbox

HERE, ELSEWHERE = "http://localhost:8000", "http://127.0.0.1:8000"


def look(app, path: str, base: str = ELSEWHERE):
    return app.test_client().get(path, base_url=base)


def test_every_business_has_a_site_with_the_snippet_to_the_letter(app):
    for business in world.BUSINESSES:
        page = look(app, f"/sandbox/sites/{business.key}").get_data(as_text=True)
        assert page.count('<div id="loyalty-widget"></div>') == 1
        if business.key in sites.STRICT:
            continue
        assert (
            f'<script src="{HERE}/widget.js"></script>\n<script>\nLoyaltyWidget.init({{\n'
            f"  partnerId: '{business.code}',\n  position: 'bottom-right'\n}});\n</script>"
        ) in page


def test_the_strict_site_lets_only_named_scripts_run(app):
    first, second = (look(app, "/sandbox/sites/glame") for _ in range(2))
    policy = first.headers["Content-Security-Policy"]
    (nonce,) = re.findall(r"script-src 'nonce-([\w-]{20,})';", policy)
    assert nonce not in second.headers["Content-Security-Policy"]
    assert f"frame-src {HERE};" in policy and "unsafe" not in policy
    scripts = re.findall(r"<script[^>]*>", first.get_data(as_text=True))
    assert len(scripts) == 2 and all(f'nonce="{nonce}"' in script for script in scripts)
    assert "async" in scripts[1] and f'src="{HERE}/widget.js"' in scripts[1]


def test_a_site_asked_for_by_the_platforms_name_sends_to_its_own(app):
    answer = look(app, "/sandbox/sites/style", base=HERE)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{ELSEWHERE}/sandbox/sites/style")
    # a Host that somebody made up leads nowhere else
    assert look(app, "/sandbox/sites/style", base="http://evil.example").headers["Location"].startswith(ELSEWHERE)


def test_the_sites_follow_the_port_and_never_have_the_platforms_name(settings):
    moved = replace(settings, port=9123, public_url="http://127.0.0.1:9123")
    assert sites.list_sites(moved)["espresso"] == "http://localhost:9123/sandbox/sites/espresso"
    assert world.origin_of_sites(replace(moved, public_url="http://localhost:9123")) == "http://127.0.0.1:9123"
    assert world.origin_of_sites(replace(moved, port=80, public_url="http://localhost:80")) == "http://127.0.0.1"


@pytest.mark.parametrize("path", ["nobody", "espresso.html", "files/nothing.css", "files/..%2f..%2fworld.py", "files/"])
def test_what_is_not_there_is_not_found(app, path):
    assert look(app, f"/sandbox/sites/{path}").status_code == 404


def test_every_file_a_site_names_is_there(app):
    for business in world.BUSINESSES:
        page = look(app, f"/sandbox/sites/{business.key}").get_data(as_text=True)
        named = set(re.findall(r'(?:src|href)="(/[^"]+)"', page))
        assert len(named) >= 3
        for path in named:
            assert look(app, path).status_code == 200, path


def test_production_has_no_such_sites(fresh_app, settings):
    app = create_app(replace(settings, sandbox=False), fresh_app.config["SQLALCHEMY_DATABASE_URI"])
    assert look(app, "/sandbox/sites/espresso").status_code == 404
    with pytest.raises(RuntimeError):
        add_sandbox(app)
