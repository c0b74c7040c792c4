import pytest
from sqlalchemy import select

from loyalty import platform_roles
from loyalty.errors import InvalidRole
from models.customer import AuditRecord
from tests.factories import NOW, make_customer


def test_a_role_is_given_once(db_session):
    person, other = make_customer(), make_customer()
    platform_roles.grant_role(other.id, "ai_marketer", by=None, now=NOW)
    assert platform_roles.grant_role(person.id, "admin", by=other.id, now=NOW)
    assert not platform_roles.grant_role(person.id, "admin", by=other.id, now=NOW)
    admins = platform_roles.list_people("admin")
    assert person in admins and other not in admins
    noted = select(AuditRecord.action).where(AuditRecord.subject == str(person.id)).order_by(AuditRecord.id)
    assert db_session.scalars(noted).all() == ["platform_role.grant"]


def test_a_partners_role_is_no_role_of_the_platform(db_session):
    with pytest.raises(InvalidRole):
        platform_roles.grant_role(make_customer().id, "owner", by=None, now=NOW)
