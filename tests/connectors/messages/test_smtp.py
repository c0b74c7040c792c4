"""E-mail against a real SMTP server on a socket that answers as it is told."""

from __future__ import annotations

import email
import email.policy
import socketserver
import threading

import pytest

from connectors.errors import ConnectorError
from connectors.messages.gateway import Message
from connectors.messages.smtp import SmtpGateway


class _Session(socketserver.StreamRequestHandler):
    def handle(self):
        self.say("220 stand-in")
        while line := self.rfile.readline().decode().strip():
            verb = line.upper()
            if verb.startswith("EHLO"):
                self.say("250-stand-in")
                self.say("250 AUTH PLAIN")
            elif verb.startswith("AUTH"):
                self.say(self.server.answers.get("AUTH", "235 welcome"))
            elif verb.startswith("MAIL"):
                self.say(self.server.answers.get("MAIL", "250 go on"))
            elif verb.startswith("RCPT"):
                self.server.recipients.append(line)
                self.say(self.server.answers.get("RCPT", "250 go on"))
            elif verb == "DATA":
                self.say("354 speak")
                self.take_letter()
                self.say(self.server.answers.get("DATA", "250 taken"))
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 yes")

    def take_letter(self):
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line)
        self.server.letters.append(b"".join(lines))

    def say(self, line):
        self.wfile.write(f"{line}\r\n".encode())


@pytest.fixture
def server():
    tcp = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Session)
    tcp.answers, tcp.letters, tcp.recipients = {}, [], []
    tcp.url = f"smtp://user:p%40ss@127.0.0.1:{tcp.server_address[1]}"
    thread = threading.Thread(target=tcp.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield tcp
    tcp.shutdown()
    thread.join()
    tcp.server_close()


def message(**changes):
    values = {
        "id": "outbox-7-email", "channel": "email", "to": "ivan@example.com", "text": "Баланс 300.", "subject": "Баллы",
    }  # fmt: skip
    return Message(**(values | changes))


def send(server, **changes):
    SmtpGateway(server.url, "Копилка <noreply@kopilka.example>").send(message(**changes))


def test_a_letter_arrives_with_an_id_that_a_repeat_shares(server):
    send(server)
    send(server)
    first, second = (email.message_from_bytes(raw, policy=email.policy.default) for raw in server.letters)
    assert first["Message-ID"] == second["Message-ID"] == "<outbox-7-email@kopilka.example>"
    assert (first["To"], first["Subject"]) == ("ivan@example.com", "Баллы")
    assert first.get_content().strip() == "Баланс 300."
    assert first["Date"]


def test_line_breaks_in_a_subject_make_no_headers(server):
    send(server, subject="Баллы\r\nBcc: everybody@example.com")
    letter = email.message_from_bytes(server.letters[0], policy=email.policy.default)
    assert letter["Bcc"] is None
    assert len(server.recipients) == 1


@pytest.mark.parametrize(
    ("step", "answer", "code", "retryable"),
    [
        ("RCPT", "550 no such mailbox", "address_refused", False),
        ("RCPT", "451 try later", "address_refused", True),
        ("MAIL", "552 too large", "refused", False),
        ("DATA", "451 busy", "refused", True),
        ("DATA", "554 spam", "refused", False),
        ("AUTH", "535 wrong password", "login_refused", True),
    ],
)
def test_a_refusal_says_whether_waiting_may_help(server, step, answer, code, retryable):
    server.answers[step] = answer
    with pytest.raises(ConnectorError) as caught:
        send(server)
    assert (caught.value.code, caught.value.retryable) == (code, retryable)
    assert caught.value.status == int(answer[:3])
    assert "ivan" not in str(caught.value)


def test_nobody_there_is_worth_another_try():
    with pytest.raises(ConnectorError) as caught:
        SmtpGateway("smtp://127.0.0.1:1", "noreply@kopilka.example").send(message())
    assert (caught.value.code, caught.value.retryable) == ("unreachable", True)


@pytest.mark.parametrize("to", ["", "nobody", "a@b@c", "two@example.com, more@example.com", "a\r\nBcc: b@c.d"])
def test_what_is_no_single_address_is_refused_for_good(server, to):
    with pytest.raises(ConnectorError) as caught:
        send(server, to=to)
    assert (caught.value.code, caught.value.retryable) == ("bad_address", False)
    assert server.letters == []


@pytest.mark.parametrize("url", ["", "mail.example.com", "http://mail.example.com", "smtp://"])
def test_an_unusable_url_is_named(url):
    with pytest.raises(ValueError, match="SMTP_URL"):
        SmtpGateway(url, "noreply@kopilka.example")
