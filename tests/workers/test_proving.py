"""What is made of a site's answers; the answers themselves are the matter of `tests/connectors/test_gate.py`."""

from __future__ import annotations

from uuid import UUID

import pytest

from connectors.errors import ConnectorError
from connectors.gate import Page
from loyalty import widget, widget_proof
from loyalty.clock import utcnow
from loyalty.widget_proof import file_of, meta_of, proof_of
from models import transaction
from tests.factories import make_partner
from tests.workers.test_relay import rows
from workers import jobs, proving
from workers.proving import look

PARTNER = UUID("0190f3b2-7c1e-7a4b-9d52-3f6a1c0e8b7d")
CODE = "406631153"
FILE = f"https://shop.example{file_of(CODE)}"
FRONT = "https://shop.example/"
PROOF = proof_of(PARTNER)


class Sites:
    """In place of the gate: what each address answers, or raises."""

    def __init__(self, answers):
        self.answers = answers

    def fetch(self, url, *, most_bytes):
        answer = self.answers.get(url) or page("not here", url, status=404)
        if isinstance(answer, ConnectorError):
            raise answer
        return answer


def page(body, url, *, status=200, content_type="text/html", is_cut=False):
    return Page(url, status, content_type, body.encode(), is_cut)


def found(origin="https://shop.example", **answers):
    places = {"file": FILE, "front": FRONT}
    return look(Sites({places[name]: answer for name, answer in answers.items()}), origin, PARTNER, CODE)


HEAD = page(f"<html><head>{meta_of(PARTNER)}</head>", FRONT)


def test_either_of_the_two_is_enough():
    assert found(file=page(PROOF, FILE, content_type="text/plain")) is None
    assert found(file=page("\ufeff" + PROOF + "\r\n", FILE, content_type="application/octet-stream")) is None
    assert found(front=HEAD) is None
    assert found(file=page("<html>Shop</html>", FILE), front=HEAD) is None


def test_a_site_with_a_port_is_looked_at_on_the_usual_one():
    assert found("https://shop.example:8443", front=HEAD) is None


@pytest.mark.parametrize(
    ("answers", "failure"),
    [
        ({}, "no_proof"),
        ({"front": page("<html><head></head></html>", FRONT)}, "no_proof"),
        ({"file": page("<html>every address is the front page</html>", FILE)}, "no_proof"),
        ({"file": page(PROOF, FILE, status=404)}, "no_proof"),
        ({"file": page("of somebody else", FILE, content_type="text/plain")}, "other_proof"),
        ({"front": page(meta_of(PARTNER), FRONT, content_type="text/plain")}, "no_proof"),
        ({"front": page(meta_of(PARTNER), "https://www.shop.example/")}, "elsewhere"),
        ({"file": page(PROOF, "https://evil.example/proof", content_type="text/plain")}, "no_proof"),
        ({"file": ConnectorError("forbidden_address", retryable=False), "front": HEAD}, "forbidden_address"),
        ({"front": ConnectorError("timed_out", retryable=True)}, "timed_out"),
    ],
)
def test_what_is_no_proof_says_why(answers, failure):
    assert found(**answers) == failure
    assert failure in widget_proof.FAILURES


def test_the_job_writes_down_what_it_found_and_a_site_without_answer_is_no_failure_of_it(fresh_app, monkeypatch):
    with fresh_app.app_context(), transaction():
        partner = make_partner()
        site = widget.add_site(partner.id, "https://shop.example", by=None, now=utcnow())
        partner_id, site_id, code = partner.id, site.id, partner.code
    answers = {"https://shop.example/": ConnectorError("unresolved", retryable=True)}
    monkeypatch.setattr(proving, "Gate", lambda: Sites(answers))
    with fresh_app.app_context():
        assert jobs.carry_out(rows(fresh_app, "id")[0].id, utcnow()) == "done"
        assert widget.get_site(partner_id, site_id).failure == "unresolved"
        answers[f"https://shop.example{file_of(code)}"] = page(
            proof_of(partner_id), f"https://shop.example{file_of(code)}", content_type="text/plain"
        )
        with transaction():
            widget_proof.ask(widget.get_site(partner_id, site_id), utcnow())
        assert jobs.carry_out(rows(fresh_app, "id")[-1].id, utcnow()) == "done"
        assert widget.list_sites(partner_id) == ["https://shop.example"]
        with transaction():
            widget.remove_site(partner_id, "https://shop.example", by=None)
            widget_proof.ask_due(utcnow())
