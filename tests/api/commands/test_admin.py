from __future__ import annotations

import pytest

from loyalty import customers, platform_roles
from loyalty.identities import Identifier
from tests.factories import make_email, make_phone


@pytest.fixture
def run(app):
    """`run("create", "--email", …)`: the result of the command."""
    return lambda *words: app.test_cli_runner().invoke(args=["admin", *words])


@pytest.mark.parametrize("kind", ["email", "phone"])
def test_the_first_admin_is_made_with_a_proven_identity(app, run, kind):
    value = make_email() if kind == "email" else make_phone()
    first, again = (run("create", f"--{kind}", value, "--name", "Анна") for _ in range(2))
    assert (first.exit_code, again.exit_code) == (0, 0)
    assert "now an admin" in first.output and "already an admin" in again.output
    with app.app_context():
        person = customers.find(Identifier(kind, value))
        assert person in platform_roles.list_people("admin")
        assert customers.find_identity(Identifier(kind, value)).proven_at is not None
    assert f"{person.id}  Анна" in run("list").output
    assert value not in first.output + run("list").output


@pytest.mark.parametrize(
    "words", [(), ("--email", "nonsense"), ("--phone", "12"), ("--phone", "+79161234567", "--email", "a@example.com")]
)
def test_bad_input_is_one_sentence_and_exit_code_2(run, words):
    result = run("create", *words)
    assert result.exit_code == 2
    assert "Traceback" not in result.output
