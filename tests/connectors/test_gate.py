"""The gate against real servers behind TLS that mean ill. The name `shop.example` leads to them by way of a public address."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors.errors import ConnectorError
from connectors.gate import Gate, find_addresses, is_public

PUBLIC = "93.184.215.14"
HELLO = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 5\r\n\r\nhello"


@pytest.fixture(scope="module")
def papers(tmp_path_factory):
    """A certificate for `shop.example` that its owner signed: who is given it to trust, trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop.example")])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("shop.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("gate") / "papers.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path


class Shop:
    """A server that answers each path with the bytes it is given, piece by piece; it remembers what was asked."""

    def __init__(self, papers):
        self.answers: dict[str, list[bytes]] = {}
        self.asked: list[str] = []
        self.reached: list[str] = []
        self.is_over = threading.Event()
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(papers)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.05)
        self._trust = ssl.create_default_context(cafile=papers)
        self._threads = [threading.Thread(target=self._listen)]
        self._threads[0].start()

    def gate(self, resolve=None, seconds=20.0, trust=None) -> Gate:
        def connect(address, timeout):
            self.reached.append(address[0])
            return socket.create_connection(self._listener.getsockname(), timeout=timeout)

        return Gate(resolve or (lambda host: [PUBLIC]), connect, trust or self._trust, seconds)

    def close(self):
        self.is_over.set()
        for thread in self._threads:
            thread.join(5)
        self._listener.close()

    def _listen(self):
        while not self.is_over.is_set():
            try:
                line, _address = self._listener.accept()
            except TimeoutError:
                continue
            line.settimeout(5)
            self._threads.append(threading.Thread(target=self._serve, args=(line,)))
            self._threads[-1].start()

    def _serve(self, line):
        try:
            with self._context.wrap_socket(line, server_side=True) as secured:
                asked = secured.recv(8192).decode()
                self.asked.append(asked)
                for piece in self.answers[asked.split()[1]]:
                    secured.sendall(piece)
                    if self.is_over.wait(0.05 if len(self.answers[asked.split()[1]]) > 2 else 0):
                        return
        except OSError:
            return


@pytest.fixture
def shop(papers):
    made = Shop(papers)
    yield made
    made.close()


def redirect(to: str) -> list[bytes]:
    return [f"HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode()]


def refusal(gate: Gate, url: str = "https://shop.example/") -> str:
    with pytest.raises(ConnectorError) as refused:
        gate.fetch(url, most_bytes=100)
    return refused.value.code


def test_what_is_there_is_read_and_nothing_of_ours_is_told(shop):
    shop.answers["/a%20b?c=d"] = [HELLO]
    page = shop.gate().fetch("https://shop.example/a b?c=d#e", most_bytes=100)
    assert (page.status, page.content_type, page.body, page.is_cut) == (200, "text/plain", b"hello", False)
    assert shop.asked[0].splitlines()[1:] == [
        "Host: shop.example",
        "User-Agent: Kopilka/1 (+site check)",
        "Accept-Encoding: identity",
        "Connection: close",
        "",
    ]


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://shop.example/", "not_https"),
        ("file:///etc/passwd", "not_https"),
        ("gopher://shop.example/", "not_https"),
        ("https://shop.example:8443/", "forbidden_port"),
        ("https://shop.example:22/", "forbidden_port"),
        ("https://shop.example:99999/", "bad_answer"),
        ("https://user:secret@shop.example/", "bad_answer"),
        ("https:///", "bad_answer"),
    ],
)
def test_only_https_on_its_own_port_is_spoken(shop, url, code):
    assert refusal(shop.gate(), url) == code
    assert shop.reached == []


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.255.255.254", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "192.0.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
        "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "localhost", "",
    ],
)  # fmt: skip
def test_no_address_that_is_not_public_is_reached(shop, address):
    assert not is_public(address)
    assert refusal(shop.gate(lambda host: [address])) == "forbidden_address"
    assert refusal(shop.gate(lambda host: [PUBLIC, address])) == "forbidden_address"
    assert shop.reached == []


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "77.88.55.242", "2a02:6b8::2:242", "::ffff:8.8.8.8"])
def test_public_addresses_are(address):
    assert is_public(address)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "2130706433", "0x7f.1", "[::1]"])
def test_this_machine_is_not_reached_by_any_of_its_names(host):
    assert refusal(Gate(), f"https://{host}/") == "forbidden_address"


def test_a_name_that_leads_elsewhere_the_second_time_gains_nothing(shop):
    answers = [[PUBLIC], ["127.0.0.1"]]
    shop.answers["/"] = [HELLO]
    gate = shop.gate(lambda host: answers.pop(0))
    assert gate.fetch("https://shop.example/", most_bytes=100).body == b"hello"
    assert (shop.reached, answers) == ([PUBLIC], [["127.0.0.1"]])


def test_a_redirect_is_looked_at_like_any_address(shop):
    shop.answers |= {
        "/in": redirect("https://127.0.0.1/"),
        "/down": redirect("http://shop.example/"),
        "/port": redirect("https://shop.example:8443/"),
        "/file": redirect("file:///etc/passwd"),
    }
    known = {"shop.example": [PUBLIC]}
    gate = shop.gate(lambda host: known.get(host, [host]))
    codes = [refusal(gate, f"https://shop.example{path}") for path in ("/in", "/down", "/port", "/file")]
    assert codes == ["forbidden_address", "not_https", "forbidden_port", "not_https"]
    assert shop.reached == [PUBLIC] * 4


def test_the_name_of_a_redirect_is_asked_for_anew(shop):
    shop.answers["/"] = redirect("/again")
    answers = [[PUBLIC], ["10.0.0.1"]]
    assert refusal(shop.gate(lambda host: answers.pop(0))) == "forbidden_address"
    assert shop.reached == [PUBLIC]


def test_three_redirects_are_followed_and_no_more(shop):
    shop.answers |= {f"/{n}": redirect(f"/{n + 1}") for n in range(5)} | {"/5": [HELLO]}
    assert refusal(shop.gate(), "https://shop.example/0") == "too_many_redirects"
    page = shop.gate().fetch("https://shop.example/2", most_bytes=100)
    assert (page.url, page.body) == ("https://shop.example/5", b"hello")


def test_of_a_huge_page_no_more_is_read_than_was_asked_for(shop):
    shop.answers["/"] = [b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 10_000_000]
    page = shop.gate().fetch("https://shop.example/", most_bytes=1000)
    assert (len(page.body), page.is_cut) == (1000, True)


@pytest.mark.parametrize(
    "start", [b"", b"HTTP/1.1 200 OK\r\nX-Long: ", b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"]
)
def test_who_answers_drop_by_drop_is_cut_off(shop, start):
    shop.answers["/"] = [start, *[b"x"] * 400]
    assert refusal(shop.gate(seconds=0.5)) == "timed_out"


def test_who_says_nothing_at_all_is_cut_off(shop):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        gate = Gate(
            lambda host: [PUBLIC], lambda address, timeout: socket.create_connection(silent.getsockname()), seconds=0.3
        )
        assert refusal(gate) == "timed_out"


def test_a_certificate_of_another_name_or_of_nobody_we_trust_is_refused(shop):
    shop.answers["/"] = [HELLO]
    assert refusal(shop.gate(), "https://other.example/") == "bad_certificate"
    assert refusal(shop.gate(trust=ssl.create_default_context())) == "bad_certificate"
    assert shop.asked == []


@pytest.mark.parametrize(
    "answer", [b"SSH-2.0-OpenSSH_9.2\r\n", b"", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"]
)
def test_what_is_no_answer_is_refused(shop, answer):
    shop.answers["/"] = [answer]
    assert refusal(shop.gate()) in ("bad_answer", "unreachable")


def test_a_host_that_is_not_there_is_said_to_be_so(shop):
    assert refusal(shop.gate(lambda host: [])) == "unresolved"
    assert find_addresses("no.such.host.invalid") == []
    assert find_addresses("a" * 70 + ".example") == []


def test_another_address_of_the_host_is_tried_when_the_first_is_silent(shop):
    shop.answers["/"] = [HELLO]
    gate = shop.gate(lambda host: ["2a02:6b8::2:242", PUBLIC])
    assert gate.fetch("https://shop.example/", most_bytes=10).body == b"hello"
    assert [ipaddress.ip_address(one).version for one in shop.reached] == [4]

    def refuse(address, timeout):
        shop.reached.append(address[0])
        raise ConnectionRefusedError

    assert refusal(Gate(lambda host: ["8.8.8.8", PUBLIC, "1.1.1.1"], refuse)) == "unreachable"
    assert shop.reached[1:] == ["8.8.8.8", PUBLIC]
