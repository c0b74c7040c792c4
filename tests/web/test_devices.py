import pytest

from web.devices import name_device

ANDROID = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Mobile Safari/537.36"
)
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 (KHTML, like Gecko) Version/18.0 Safari/604.1"


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (ANDROID, "Chrome, Android"),
        (IPHONE, "Safari, iPhone"),
        (ANDROID.replace("Chrome/156.0", "Chrome/156.0 YaBrowser/26.1"), "Yandex Browser, Android"),
        ("Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Windows"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/156.0 Safari/537.36 Edg/156.0", "Edge, Windows"),
        ("Mozilla/5.0", "Браузер"),
        ("Kopilka/1.2 (тесты)", "Kopilka/1.2 (тесты)"),
        ("x" * 200, "x" * 60),
        (None, "Неизвестное устройство"),
        ("", "Неизвестное устройство"),
    ],
)
def test_a_device_is_named_as_people_do(app, header, name):
    with app.test_request_context(headers={"Accept-Language": "ru"}):
        assert name_device(header) == name
