"""Settings: what is missing is named, what is dangerous is refused, and kept secrets stay secret."""

from __future__ import annotations

import base64
import multiprocessing
import re
import stat
from pathlib import Path

import pytest

from config import ROOT, Settings, SettingsError, load_settings

KEY = base64.urlsafe_b64encode(b"k" * 32).decode()
PRODUCTION = {"DATABASE_URL": "postgresql://kopilka@db/kopilka", "SECRET_KEY": "s" * 40, "ENCRYPTION_KEYS": KEY}


def load(tmp_path: Path, **variables: str) -> Settings:
    return load_settings({"KOPILKA_HOME": str(tmp_path), **variables})


def test_production_keeps_no_secrets_in_the_data_folder(tmp_path):
    settings = load(tmp_path / "home", **PRODUCTION)
    assert settings.encryption_keys == (KEY,)
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("name", ["SECRET_KEY", "ENCRYPTION_KEYS"])
def test_a_secret_that_production_lacks_is_named(tmp_path, name):
    with pytest.raises(SettingsError, match=name):
        load(tmp_path, **{**PRODUCTION, name: " "})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "short"),
        ("ENCRYPTION_KEYS", "not a key"),
        ("ENCRYPTION_KEYS", f"{KEY},{KEY[:-3]}"),
        ("DATABASE_URL", "mysql://host/base"),
        ("DATABASE_URL", "kopilka"),
        ("PORT", "http"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("SANDBOX", "maybe"),
        ("WEB_WORKERS", "two"),
        ("TELEGRAM_API_URL", "telegram.example"),
        ("TELEGRAM_PER_SECOND", "0"),
        ("TELEGRAM_CHAT_SECONDS", "-1"),
    ],
)
def test_a_malformed_setting_is_named(tmp_path, name, value):
    with pytest.raises(SettingsError, match=name):
        load(tmp_path, **{**PRODUCTION, name: value})


def test_a_bot_api_of_ones_own_is_used_but_never_in_the_sandbox(tmp_path):
    own = {"TELEGRAM_API_URL": "https://bots.example/"}
    assert load(tmp_path, **PRODUCTION).bot_api_url == "https://api.telegram.org"
    assert load(tmp_path, **PRODUCTION, **own).bot_api_url == "https://bots.example"
    assert load(tmp_path, SANDBOX="1", **own).bot_api_url == "http://127.0.0.1:8000/sandbox/telegram/api"


@pytest.mark.parametrize("name", ["SMTP_URL", "TELEGRAM_BOT_TOKEN"])
def test_the_sandbox_refuses_real_credentials(tmp_path, name):
    with pytest.raises(SettingsError, match=f"SANDBOX=1 refuses .*{name}"):
        load(tmp_path, SANDBOX="1", **{name: "something real"})


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_every_spelling_of_a_database_names_the_driver(tmp_path, scheme):
    settings = load(tmp_path, **{**PRODUCTION, "DATABASE_URL": f"{scheme}://u:p%40ss@h:5433/d?sslmode=require"})
    assert settings.database_url == "postgresql+psycopg2://u:p%40ss@h:5433/d?sslmode=require"


def test_secrets_are_not_in_the_representation(tmp_path):
    shown = repr(load(tmp_path, **PRODUCTION))
    assert not [secret for secret in PRODUCTION.values() if secret in shown]


def test_an_empty_variable_counts_as_unset(tmp_path):
    settings = load(tmp_path, PORT="", HOST=" ", DATABASE_URL="")
    assert (settings.port, settings.host, settings.database_url) == (8000, "127.0.0.1", None)


def test_a_relative_home_becomes_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load_settings({"KOPILKA_HOME": "data", **PRODUCTION}).home == tmp_path / "data"


def test_kept_secrets_stay_the_same_and_are_for_their_owner_only(tmp_path):
    first, second = load(tmp_path), load(tmp_path)
    assert (first.secret_key, first.encryption_keys) == (second.secret_key, second.encryption_keys)
    for path in (tmp_path / "secrets").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700


def test_a_data_folder_that_cannot_be_used_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match=r"KOPILKA_HOME=.*cannot be used"):
        load(tmp_path / "file" / "home")


def _secrets_of(home: Path) -> tuple:
    settings = load(home)
    return settings.secret_key, settings.encryption_keys


def test_processes_that_start_at_once_agree_on_the_secrets(tmp_path):
    with multiprocessing.get_context("fork").Pool(8) as pool:
        assert len(set(pool.map(_secrets_of, [tmp_path] * 16, chunksize=1))) == 1
    assert {path.name for path in (tmp_path / "secrets").iterdir()} == {"secret_key", "encryption_key"}


def test_every_variable_is_explained():
    """What `config.py` reads is in `.env.example` with a word, and nothing else is."""
    read = {
        word.split('"')[1]
        for line in (ROOT / "config.py").read_text().splitlines()
        for word in line.split("env.")[1:]
        if '("' in word
    }
    lines = (ROOT / ".env.example").read_text().splitlines()
    explained = {found[1] for line in lines if (found := re.match(r"#?([A-Z_]+)=", line))}
    assert read == explained - {"POSTGRES_PASSWORD", "REDIS_PASSWORD"}


def test_the_bot_is_opened_where_it_can_be_reached(tmp_path):
    real = load(tmp_path, **PRODUCTION, TELEGRAM_BOT_NAME="our_bot")
    assert real.bot_link() == "https://t.me/our_bot"
    assert real.bot_link("p406631153") == "https://t.me/our_bot?start=p406631153"
    demo = load(tmp_path, SANDBOX="1", PUBLIC_URL="http://demo.example:8001/")
    assert demo.bot_link() == "http://demo.example:8001/sandbox/telegram"
    assert demo.bot_link("p406631153") == "http://demo.example:8001/sandbox/telegram?start=p406631153"
