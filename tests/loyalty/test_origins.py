import pytest

from loyalty.errors import InvalidOrigin
from loyalty.origins import host_of, normalise_origin, readable_host

CAFE = "https://xn--e1aiboc0b6e.xn--p1ai"


@pytest.mark.parametrize(
    ("written", "origin"),
    [
        ("https://shop.example", "https://shop.example"),
        ("https://shop.example/", "https://shop.example"),
        ("  Shop.Example/menu?x=1#y ", "https://shop.example"),
        ("https://shop.example:443", "https://shop.example"),
        ("shop.example:8443", "https://shop.example:8443"),
        ("HTTPS://WWW.SHOP.EXAMPLE.", "https://www.shop.example"),
        ("https://кофейня.рф/меню", CAFE),
        ("КОФЕЙНЯ.РФ", CAFE),
        (CAFE, CAFE),
        ("ｓｈｏｐ.example", "https://shop.example"),
    ],
)
def test_a_site_has_one_spelling(written, origin):
    assert normalise_origin(written) == origin
    assert normalise_origin(origin) == origin


@pytest.mark.parametrize(
    "written",
    [
        "", " ", None, 5, [], "shop", "http://shop.example", "ftp://shop.example", "javascript:alert(1)", "data:text/html,x",
        "*", "*.example", "https://*.shop.example", "https://10.0.0.1", "https://[::1]", "https://2130706433", "127.1",
        "https://0x7f.1", "https://ivan:secret@shop.example", "https://shop.example\\@evil.example", "//shop.example",
        "https:/shop.example", "https://shop.example:99999", "https://shop.example:x", "https://a..example", "https://",
        "shop.example; script-src *", "shop.example evil.example", "https://shop.example,https://evil.example",
        "shop.example\nevil.example", "https://-shop.example", "https://" + "a" * 64 + ".example", "a." * 200 + "example",
        "null", "'self'", "https://shop_1.example",
    ],
)  # fmt: skip
def test_anything_else_is_refused(written):
    with pytest.raises(InvalidOrigin) as refused:
        normalise_origin(written)
    assert refused.value.field == "origin"


@pytest.mark.parametrize("address", ["http://127.0.0.1:9000", "http://localhost:8000", "https://localhost"])
def test_this_machine_is_a_site_in_the_sandbox_only(address):
    assert normalise_origin(address, loopback=True) == address
    with pytest.raises(InvalidOrigin):
        normalise_origin(address)


@pytest.mark.parametrize(
    "address", ["http://shop.example", "http://10.0.0.1", "http://127.0.0.2", "http://localhost.example"]
)
def test_the_sandbox_opens_no_other_site_without_tls(address):
    with pytest.raises(InvalidOrigin):
        normalise_origin(address, loopback=True)


def test_a_host_is_told_to_machines_and_to_people():
    assert host_of(f"{CAFE}:8443") == "xn--e1aiboc0b6e.xn--p1ai"
    assert readable_host(f"{CAFE}:8443") == "кофейня.рф"
    assert readable_host("http://127.0.0.1:9000") == "127.0.0.1"
