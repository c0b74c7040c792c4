"""Invitations at the desk: terms with an example, decisions, figures and the file."""

from __future__ import annotations

import pytest

from loyalty import referrals
from loyalty.clock import utcnow
from models import db, transaction
from models.partner import Partner
from models.referral import Referral
from tests.loyalty.friends import bring

PAGE = "/partner/referrals"
FORM = {
    "inviter_points": "300",
    "friend_points": "150",
    "minimum": "1 000",
    "return_days": "7",
    "most_a_month": "5",
    "life_days": "",
}


@pytest.fixture
def house(cast):
    return cast.ours


@pytest.fixture
def friend(app, house):
    """A friend with so many doubts, and the state they are in then."""

    def make(*doubts):
        with app.app_context(), transaction():
            made = bring(db.session.get_one(Partner, house.partner_id), utcnow(), doubts=doubts)
            return made.id

    return make


def plain(answer):
    return answer.text.replace("\N{NO-BREAK SPACE}", " ")


def test_an_owner_sets_the_terms_and_reads_them_as_a_story(app, house, desk):
    owner = desk("owner")
    assert owner.post(f"{PAGE}/terms", is_on="y", **FORM).status_code == 303
    with app.app_context():
        terms = referrals.terms_of(db.session.get_one(Partner, house.partner_id))
    assert (terms.is_on, terms.inviter_points, terms.return_days, terms.life_days) == (True, 300, 7, None)
    page = plain(owner.get(f"{PAGE}/terms"))
    assert "Анна получит 300 баллов, а Борис — 150 баллов" in page and "не больше 1 500 баллов" in page
    assert "Приглашать можно" in page and 'value="1000"' in page


@pytest.mark.parametrize(
    "wrong",
    [{"minimum": "-5"}, {"return_days": "61"}, {"life_days": "x"}, {"inviter_points": "0", "friend_points": "0"}],
)
def test_terms_that_are_none_change_nothing(app, house, desk, wrong):
    with app.app_context():
        before = db.session.get_one(Partner, house.partner_id).referral_terms
    assert desk("owner").post(f"{PAGE}/terms", **FORM | wrong).status_code == 422
    with app.app_context():
        assert db.session.get_one(Partner, house.partner_id).referral_terms == before


def test_only_owners_set_terms_and_managers_decide(desk, friend):
    waiting = friend("address")
    assert desk("manager").post(f"{PAGE}/terms", **FORM).status_code == 403
    assert desk("cashier").post(f"{PAGE}/{waiting}/approve").status_code == 403
    assert desk("content_manager").get(PAGE).status_code == 403
    page = desk("cashier").get(PAGE)
    assert page.status_code == 200 and "Наградить" not in page.text


def test_a_doubted_friend_is_shown_with_the_reasons_and_decided_on_once(app, house, desk, friend):
    manager, waiting, other = desk("manager"), friend("address", "inviters_device"), friend("device")
    page = manager.get(PAGE).text
    assert "Нужно решить" in page and "С одного интернет-адреса пришло много друзей" in page
    assert "Друг пришёл в браузере самого пригласившего" in page
    assert manager.post(f"{PAGE}/{waiting}/approve").status_code == 303
    assert manager.post(f"{PAGE}/{other}/refuse").status_code == 303
    again = manager.post(f"{PAGE}/{waiting}/refuse")
    assert again.status_code == 422 and "Здесь уже решили" in again.text
    with app.app_context():
        states = [db.session.get(Referral, (house.partner_id, one)).state for one in (waiting, other)]
    assert states == ["rewarded", "refused"]
    page = plain(manager.get(f"{PAGE}?state=rewarded"))
    assert "300 баллов" in page and "Так решило заведение" not in page


def test_the_file_is_for_those_who_may_export(desk, friend):
    friend()
    file = desk("manager").get(f"{PAGE}/export.csv")
    assert file.headers["Content-Disposition"].endswith('"referrals.csv"') and "Борис" in file.text
    assert desk("cashier").get(f"{PAGE}/export.csv").status_code == 403
