import json

import pytest
from flask import Flask

from api import create_app
from api.commands.programme import programme_group
from config import load_settings


@pytest.fixture
def quote():
    """Run the command in an application that has no database."""
    app = Flask(__name__)
    app.cli.add_command(programme_group)
    runner = app.test_cli_runner()
    return lambda *words: runner.invoke(args=["programme", "quote", *words])


def test_the_application_has_the_command_and_needs_no_database_for_it(tmp_path):
    settings = load_settings({"KOPILKA_HOME": str(tmp_path)})
    app = create_app(settings, "postgresql+psycopg2://nobody@127.0.0.1:1/nothing")
    answer = app.test_cli_runner().invoke(args=["programme", "quote", "--amount", "199.99"])
    assert (answer.exit_code, answer.output.splitlines()[-1]) == (0, "Earns 9 points")


BIRTHDAY_OF_A_VIP = ["--preset", "retail", "--amount", "10000", "--vip", "--birthday"]


def test_a_quote_is_told_step_by_step(quote):
    answer = quote(*BIRTHDAY_OF_A_VIP, "--at", "2028-02-29T23:00+03:00")
    assert answer.exit_code == 0
    assert answer.output.splitlines() == [
        "Check: 10000.00",
        "Base: 10000.00 x 1 % = 100",
        "x 1.5 VIP = 150",
        "x 2 birthday = 300",
        "Earns 300 points",
    ]


def test_a_quote_in_json_carries_the_whole_price(quote):
    answer = quote(*BIRTHDAY_OF_A_VIP, "--average", "5000", "--purchases", "5", "--spend", "300", "--json")
    assert answer.exit_code == 0
    body = json.loads(answer.output)
    assert (body["earn"], body["spent_points"], body["max_redeemable"]) == (349, 300, 300)
    assert body["lines"][0]["spent"] == "300.00"
    assert body["frozen"]["multiplier"] == "3.6"


def test_lines_carry_their_switches(quote):
    answer = quote("--line", "500;category=coffee;no-accrual", "--line", "100;no-spending", "--json")
    body = json.loads(answer.output)
    assert (body["earn"], body["lines"][0]["category"]) == (5, "coffee")


def test_rules_come_from_a_file(quote, tmp_path):
    (tmp_path / "rules.json").write_text('{"rate": 0.10, "vip_factor": "2"}')
    answer = quote("--rules", str(tmp_path / "rules.json"), "--amount", "100", "--vip")
    assert answer.output.splitlines()[-1] == "Earns 20 points"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "Give the check either as --amount or as one or more --line."),
        (["--amount", "1", "--line", "1"], "Give the check either as --amount or as one or more --line."),
        (["--amount", "1e3"], "--amount: The amount must be written like 1000 or 1000.50."),
        (["--amount", "0"], "--amount: The amount must be above zero."),
        (["--line", "5;free"], "--line knows category=NAME, no-accrual and no-spending, not 'free'."),
        (["--amount", "1", "--preset", "x"], "--preset must be one of: default, retail."),
        (["--amount", "1", "--rules", "/nowhere"], "--rules: cannot read /nowhere: No such file or directory."),
        (["--amount", "1", "--at", "today"], "--at must be a time such as 2026-03-05T12:00+03:00."),
        (["--amount", "1", "--at", "2026-01-01"], "--at needs its offset, such as 2026-03-05T12:00+03:00."),
        (["--amount", "1", "--at", "0001-01-01T00:00+14:00"], "--at must be from the year 1970 to the year 9000."),
        (["--amount", "1", "--zone", "../x"], "--zone must name a time zone such as Europe/Moscow."),
        (["--amount", "1", "--spend", "-5"], "--spend must be a whole number, zero or more."),
        (["--amount", "1", "--purchases", "٣"], "--purchases must be a whole number, zero or more."),
        (["--amount", "500", "--spend", "5"], "At least 100 points can be spent at once, 5 were asked for."),
        (
            ["--amount", "500", "--spend", "200", "--available", "150"],
            "200 points were asked for, 150 are available.",
        ),
        (
            ["--amount", "500", "--spend", "501"],
            "Points pay at most 100 % of this check: 500 points, 501 were asked for.",
        ),
        (["--amount", "5", "--order-discount", "6"], "order_discount: The purchase has a discount above its sum."),
    ],
)
def test_bad_input_is_one_sentence(quote, words, sentence):
    answer = quote(*words)
    assert (answer.exit_code, answer.output) == (2, f"Error: {sentence}\n")


@pytest.mark.parametrize(("text", "sentence"), [("{", "is not JSON."), ('{"rat": 1}', "rat: is not a known setting")])
def test_a_bad_file_of_rules_is_one_sentence(quote, tmp_path, text, sentence):
    path = tmp_path / "rules.json"
    path.write_text(text)
    answer = quote("--amount", "1", "--rules", str(path))
    assert answer.exit_code == 2
    assert answer.output.endswith(f"{sentence}\n")
    assert answer.output.count("\n") == 1
