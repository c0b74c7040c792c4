"""Calls of the Bot API: pyTelegramBotAPI's `apihelper` under a sender and with errors of our own."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import requests
from telebot import apihelper
from urllib3.exceptions import NewConnectionError

from connectors.errors import ConnectorError

SEND_SECONDS = 10
FILE_SECONDS = 30
"""How long the answer to a document may take: Telegram reads it to the end first."""
SLACK_SECONDS = 5
"""How long after the end of a long poll an answer is waited for."""
CONNECT_SECONDS = 3.0
ALLOWED_UPDATES = ["message", "callback_query", "my_chat_member"]
USUAL_PAUSE = 5.0
"""What a 429 that names no `retry_after` is waited for."""
LONGEST_PAUSE = 86_400


class TelegramError(ConnectorError):
    """The Bot API refused, was silent or answered nonsense.

    `code` is one of flooded, blocked, conflict, webhook_set, token_refused, chat_not_found, refused, broken_answer,
    timed_out, cut_off, unreachable. `retry_after` (seconds) is set when Telegram asked us to wait.
    """

    def __init__(self, code: str, *, retryable: bool, status: int | None = None, retry_after: float | None = None):
        super().__init__(code, retryable=retryable, status=status)
        self.retry_after = retry_after

    @property
    def may_have_arrived(self) -> bool:
        """Telegram may have carried the call out all the same: once more may be twice."""
        return self.code in ("timed_out", "cut_off", "broken_answer") or (self.code == "refused" and self.retryable)


class BotApi:
    """The Bot API for one token. The library keeps its address in the module: one `BotApi` address a process."""

    def __init__(self, token: str, url: str = "https://api.telegram.org", send_seconds: float = SEND_SECONDS):
        self._token, self._send_seconds = token, send_seconds
        apihelper.API_URL = f"{url}/bot{{0}}/{{1}}"
        apihelper.CUSTOM_REQUEST_SENDER = _post

    @property
    def bot_id(self) -> int:
        return int(self._token.partition(":")[0])

    def get_updates(self, offset: int | None, *, limit: int, seconds: int) -> list[dict[str, Any]]:
        """What came since `offset`, as it came, waiting up to `seconds` for the first; confirms what is before."""
        found = _call(
            lambda: apihelper.get_updates(
                self._token,
                offset=offset,
                limit=limit,
                timeout=seconds + SLACK_SECONDS,
                allowed_updates=ALLOWED_UPDATES,
                long_polling_timeout=seconds,
            )
        )
        if not isinstance(found, list):
            raise TelegramError("broken_answer", retryable=True)
        return found

    def delete_webhook(self) -> None:
        """A webhook that somebody left on the token would keep all updates from us."""
        _call(lambda: apihelper.delete_webhook(self._token, timeout=SEND_SECONDS))

    def set_commands(self, commands: dict[str, str], language: str | None = None) -> None:
        """The menu of commands, for people of one language or (None) for all others."""
        listed = json.dumps([{"command": name, "description": what} for name, what in commands.items()])
        params = {"commands": listed, "timeout": SEND_SECONDS} | ({"language_code": language} if language else {})
        _call(lambda: apihelper._make_request(self._token, "setMyCommands", params=params, method="post"))

    def send_text(self, chat_id: int, text: str, markup: dict | None = None) -> None:
        _call(
            lambda: apihelper.send_message(
                self._token, chat_id, text, reply_markup=_written(markup), timeout=self._send_seconds
            )
        )

    def send_picture(self, chat_id: int, png: bytes, caption: str, markup: dict | None = None) -> None:
        picture = ("picture.png", png, "image/png")
        _call(
            lambda: apihelper.send_photo(
                self._token,
                chat_id,
                picture,
                caption=caption,
                reply_markup=_written(markup),
                timeout=self._send_seconds,
            )
        )

    def send_document(self, chat_id: int, name: str, content: bytes, caption: str) -> None:
        _call(
            lambda: apihelper.send_data(
                self._token,
                chat_id,
                content,
                "document",
                visible_file_name=name,
                caption=caption,
                timeout=FILE_SECONDS,
            )
        )

    def edit_text(self, chat_id: int, message_id: int, text: str, markup: dict | None = None) -> None:
        """Write a message of ours anew; without `markup` its buttons go. One that already reads so is fine."""
        try:
            _call(
                lambda: apihelper.edit_message_text(
                    self._token,
                    text,
                    chat_id=chat_id,
                    message_id=message_id,
                    reply_markup=_written(markup),
                    timeout=self._send_seconds,
                )
            )
        except TelegramError as error:
            if error.code != "not_modified":
                raise

    def answer_press(self, press_id: str, text: str | None = None) -> None:
        """End the waiting of a pressed button."""
        params = {"callback_query_id": press_id, "timeout": 5} | ({"text": text} if text else {})
        _call(lambda: apihelper._make_request(self._token, "answerCallbackQuery", params=params, method="post"))


def _call(ask: Callable[[], Any]) -> Any:
    """What the library answers. Raises `TelegramError`, outside of its handler so that no trace of theirs is kept."""
    try:
        return ask()
    except apihelper.ApiTelegramException as error:
        problem = _refusal(error)
    except apihelper.ApiHTTPException as error:
        problem = TelegramError("broken_answer", retryable=True, status=error.result.status_code)
    except (apihelper.ApiInvalidJSONException, KeyError, TypeError, ValueError):
        problem = TelegramError("broken_answer", retryable=True)
    except requests.ConnectTimeout:
        problem = TelegramError("unreachable", retryable=True)
    except requests.Timeout:
        problem = TelegramError("timed_out", retryable=True)
    except requests.RequestException as error:
        problem = TelegramError("unreachable" if _never_connected(error) else "cut_off", retryable=True)
    raise problem


def _never_connected(error: requests.RequestException) -> bool:
    return isinstance(getattr(error.args[0] if error.args else None, "reason", None), NewConnectionError)


def _refusal(error: apihelper.ApiTelegramException) -> TelegramError:
    status, said = error.error_code, str(error.description).lower()
    if status == 429:
        return TelegramError("flooded", retryable=True, status=status, retry_after=_pause(error.result_json))
    if status == 403:
        return TelegramError("blocked", retryable=False, status=status)
    if status == 409 and "webhook" in said:
        return TelegramError("webhook_set", retryable=True, status=status)
    if status == 409:
        return TelegramError("conflict", retryable=True, status=status)
    if status in (401, 404):
        return TelegramError("token_refused", retryable=True, status=status)
    if status == 400 and "not modified" in said:
        return TelegramError("not_modified", retryable=False, status=status)
    if status == 400 and "chat not found" in said:
        return TelegramError("chat_not_found", retryable=False, status=status)
    return TelegramError("refused", retryable=not isinstance(status, int) or status >= 500, status=status)


def _pause(answer: dict) -> float:
    parameters = answer.get("parameters")
    asked = parameters.get("retry_after") if isinstance(parameters, dict) else None
    return float(asked) if isinstance(asked, int | float) and 0 < asked <= LONGEST_PAUSE else USUAL_PAUSE


def _written(markup: dict | None) -> str | None:
    return json.dumps(markup, ensure_ascii=False) if markup is not None else None


_sessions = threading.local()


def _post(_method: str, url: str, *, params=None, files=None, timeout=None, proxies=None) -> requests.Response:
    """What the library calls instead of its own sender."""
    if not hasattr(_sessions, "session"):
        _sessions.session = requests.Session()
        _sessions.session.trust_env = False
    read = timeout[1] if timeout else SEND_SECONDS
    return _sessions.session.post(url, data=params, files=files, timeout=(CONNECT_SECONDS, read), allow_redirects=False)
