"""The ground the browser tests stand on: what must not pass unseen is seen."""

from __future__ import annotations

import shutil
import subprocess

import pytest
import requests

from config import ROOT
from models import db
from tests.browser.checks import HEADERS, check_keyboard, check_page, violations, weigh
from tests.support import browser


def show(page, site, html: str) -> None:
    page.route(f"{site.url}/made-up", lambda route: route.fulfill(body=html, content_type="text/html"))
    page.goto(f"{site.url}/made-up")


def sound(body: str) -> str:
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Т</title>'
    return f'<!doctype html><html lang="ru"><head>{head}</head><body><main><h1>Т</h1>{body}</main></body></html>'


def test_the_site_is_the_demo_world_on_two_origins(site):
    for address in (site.url, site.elsewhere):
        assert requests.get(f"{address}/readyz", timeout=5).json()["checks"]["demo world"] == "ok"
    assert requests.get(f"{site.url}/sandbox/people.json", timeout=5).json()["items"][0]["key"] == "ivan"


def test_a_code_that_was_asked_for_can_be_read(site):
    answer = requests.post(f"{site.url}/api/auth/request-code", json={"phone": "+79161234567"}, timeout=5)
    assert answer.status_code == 202
    assert len(site.read_code("+79161234567")) == 6


def test_a_page_with_a_violation_or_a_wide_picture_is_refused(page, site):
    show(page, site, sound("<p>Всё хорошо</p>"))
    check_page(page)
    show(page, site, sound("<button></button>"))
    assert violations(page)[0].startswith("button-name (critical): <button></button>")
    show(page, site, sound('<svg width="700" height="10" role="img" aria-label="Широко"></svg>'))
    with pytest.raises(AssertionError, match="390 px: scrolls sideways"):
        check_page(page)
    dark = "@media (prefers-color-scheme: dark) { p { color: #333; background: #444 } }"
    show(page, site, sound(f"<style>{dark}</style><p>Не видно ночью</p>"))
    with pytest.raises(AssertionError, match="dark, 390 px: color-contrast") as refused:
        check_page(page)
    assert "light" not in str(refused.value)


def test_a_focus_that_is_covered_or_does_not_show_is_refused(page, site):
    show(page, site, sound('<a href="/">Домой</a>'))
    check_keyboard(page)
    bar = '<div style="position: fixed; inset: 0; background: white">панель</div>'
    show(page, site, sound(f'<a href="/" style="outline: none">Домой</a>{bar}'))
    with pytest.raises(AssertionError, match=r"is covered by <div[^>]*>панель") as refusal:
        check_keyboard(page)
    assert "does not show that it has the focus" in str(refusal.value)
    show(page, site, sound("<p>Ничего</p>"))
    with pytest.raises(AssertionError, match="nothing can be reached"):
        check_keyboard(page)


def test_people_of_the_demo_world_are_signed_in_by_their_key(page, site):
    site.sign_in(page, "espresso-cashier")
    page.goto(f"{site.url}/login?next=/register")
    assert page.url.endswith("/register")


def test_what_the_console_says_and_what_does_not_load_is_noted(page, site, watch):
    show(page, site, sound('<img src="/nowhere.png" alt="">'))
    page.evaluate("console.error('broken on purpose'); setTimeout(() => { throw new Error('thrown on purpose') })")
    page.wait_for_timeout(200)
    noted = "\n".join(watch.troubles())
    for trouble in ("broken on purpose", "thrown on purpose", f"404 for {site.url}/nowhere.png"):
        assert trouble in noted
    watch.forgive("")


def test_what_the_policy_of_a_page_refuses_is_noted(page, site, watch):
    page.goto(f"{site.url}/sandbox")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">inline</p>')")
    assert any("Content Security Policy" in trouble for trouble in watch.troubles())
    watch.forgive("Content Security Policy")


def test_a_call_outwards_is_noted_and_gets_nowhere(page, site, watch):
    show(page, site, sound('<img src="http://fonts.example/a.png" alt="">'))
    assert "a call outwards: http://fonts.example/a.png" in watch.troubles()
    assert page.evaluate("fetch('http://example.com/').then(() => 'answered', () => 'failed')") == "failed"
    assert page.evaluate("fetch('http://192.0.2.1/').then(() => 'answered', () => 'failed')") == "failed"
    watch.forgive("a call outwards|ERR_NAME_NOT_RESOLVED")


def test_what_was_said_in_a_profile_that_is_closed_is_still_noted(new_context, watch):
    context = new_context()
    context.new_page().evaluate("console.error('broken on purpose')")
    context.close()
    assert ["broken on purpose" in trouble for trouble in watch.troubles()] == [True]
    watch.forgive("broken on purpose")


def test_what_a_page_weighs_is_what_was_sent(page, site):
    address = f"{site.url}/sandbox/people.json"
    page.goto(address)
    encodings = {"Accept-Encoding": "gzip, deflate, br, zstd"}
    with requests.get(address, headers=encodings, stream=True, timeout=5) as sent:
        assert weigh(page) == {address: len(sent.raw.read(decode_content=False)) + HEADERS}


def test_queries_are_counted(site, count_queries):
    with count_queries(site.app) as queries:
        db.session.execute(db.text("SELECT 1"))
        requests.get(f"{site.url}/sandbox/messages.json", timeout=5)
    assert len(queries) >= 2


@pytest.fixture
def bare_machine(tmp_path):
    """Runs the installer on a machine that has nothing but a shell, and `apt-get` when it is given one."""

    def run(apt_get: str | None = None, **variables: str) -> subprocess.CompletedProcess:
        for name in ("cat", "mktemp", "rm", "cp", "chmod"):
            (tmp_path / name).symlink_to(shutil.which(name))
        (tmp_path / "id").write_text("#!/bin/sh\necho 0\n")
        if apt_get:
            (tmp_path / "apt-get").write_text(f"#!/bin/sh\n{apt_get}\n")
        for program in tmp_path.iterdir():
            if not program.is_symlink():
                program.chmod(0o755)
        env = {"PATH": str(tmp_path), "HERE": str(tmp_path), **variables}
        return subprocess.run(["/bin/sh", ROOT / ".ci" / "install-browser"], env=env, capture_output=True, text=True)

    return run


def test_a_machine_without_a_browser_is_told_what_to_install(monkeypatch, bare_machine):
    monkeypatch.setenv("PATH", "/nonexistent")
    assert browser.find_browser() is None
    assert "apt-get install chromium" in browser.NONE
    monkeypatch.undo()
    answer = bare_machine()
    assert answer.returncode == 0 and "apt-get install chromium" in answer.stderr


def test_continuous_integration_does_not_go_on_without_a_browser(bare_machine):
    answer = bare_machine("echo 'E: no way there' >&2; exit 100", CI="true")
    assert answer.returncode == 1 and "E: no way there" in answer.stderr


def test_a_browser_is_installed_after_the_list_of_packages_was_fetched(bare_machine, tmp_path):
    answer = bare_machine("""
        echo "$1" >> "$HERE/asked"
        [ "$1" = update ] && { echo > "$HERE/lists"; exit; }
        [ -e "$HERE/lists" ] || exit 100
        cp "$HERE/id" "$HERE/chromium"
    """, CI="true")  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    assert (tmp_path / "asked").read_text().split() == ["install", "update", "install"]
