"""Whom the demo's businesses know besides Иван: invented people and what they bought. Data only; `sandbox.world` tells it
to the ledger.

At «Эспрессо» their points add up to nothing, one of them being in debt: whoever sums that partner's operations still finds
Иван's 250.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Guest:
    """An invented customer. `vip_at` names the businesses whose staff made them VIP."""

    name: str
    phone: str
    birth_date: date | None = None
    email: str | None = None
    vip_at: tuple[str, ...] = ()


@dataclass(frozen=True)
class Visit:
    """A purchase so many days before the world was built. `basket` is «what price; what price»; `points` pay a part of it.

    `branch` is the number of the place, `returned` the sum that was brought back, and when: (days before, roubles).
    """

    days: int
    guest: str
    basket: str
    points: int = 0
    branch: int = 1
    returned: tuple[int, int] | None = None


GUESTS = {
    "maria": Guest("Мария Лебедева", "+79160001001", date(1991, 4, 12), "maria.lebedeva@example.com", ("glame",)),
    "gleb": Guest("Глеб Соколов", "+79160001002"),
    "polina": Guest("Полина Власова", "+79160001003", date(1996, 9, 3)),
    "lev": Guest("Лев Фомин", "+79160001004"),
    "sofia": Guest("София Егорова", "+79160001005", date(1988, 1, 27), "sofia@example.com", ("style",)),
    "anton": Guest("Антон Рябов", "+79160001006"),
    "nina": Guest("Нина Комарова", "+79160001007", date(1973, 6, 30)),
    "karina": Guest("Карина Миронова", "+79160001008", date(1999, 2, 14)),
    "timofey": Guest("Тимофей Жуков", "+79160001009", email="t.zhukov@example.com"),
    "yana": Guest("Яна Тихонова", "+79160001010", date(1985, 12, 5)),
    "roman": Guest("Роман Щербаков", "+79160001011"),
    "lidia": Guest("Лидия Гордеева", "+79160001012", date(1964, 8, 19)),
}

FRIEND = Guest("Станислав Орлов", "+79160001013")
"""Whom Иван has invited to «Эспрессо», and who has not bought there yet."""

VISITS = {
    "espresso": (
        Visit(62, "maria", "Кофе в зёрнах, 1 кг 2100; Кружка 300"),
        Visit(52, "lev", "Торт «Прага» 3400; Торт «Медовик» 3100", returned=(12, 6500)),
        Visit(45, "gleb", "Завтрак на двоих 1700"),
        Visit(30, "maria", "Капучино 260; Круассан 120"),
        Visit(28, "lev", "Обед 900", points=300),
        Visit(20, "polina", "Чизкейк целиком 920"),
    ),
    "style": (
        Visit(71, "sofia", "Окрашивание 7200; Уход 1800"),
        Visit(58, "anton", "Мужская стрижка 1900"),
        Visit(44, "maria", "Стрижка и укладка 4300"),
        Visit(33, "sofia", "Стрижка 3200", points=450),
        Visit(29, "anton", "Мужская стрижка 1900"),
        Visit(17, "polina", "Вечерняя укладка 2800", returned=(16, 1000)),
        Visit(13, "nina", "Тонирование 5400"),
        Visit(5, "sofia", "Окрашивание 7600"),
        Visit(2, "anton", "Мужская стрижка 2100; Моделирование бороды 900"),
    ),
    "glame": (
        Visit(74, "maria", "Пальто 34900"),
        Visit(66, "karina", "Платье 12900; Ремень 3400"),
        Visit(51, "maria", "Блуза 8900"),
        Visit(40, "yana", "Костюм 27800"),
        Visit(36, "maria", "Юбка 9900"),
        Visit(24, "karina", "Туфли 15900", returned=(20, 15900)),
        Visit(15, "nina", "Шарф 4900"),
        Visit(8, "maria", "Сумка 29900; Перчатки 6400"),
        Visit(3, "yana", "Рубашка 7900", points=200),
    ),
    "krasota": (
        Visit(69, "lidia", "Укладка 2200", branch=1),
        Visit(55, "timofey", "Мужская стрижка 1800", branch=2),
        Visit(47, "roman", "Стрижка машинкой 900", branch=3),
        Visit(39, "karina", "Маникюр 2600; Педикюр 3200", branch=1),
        Visit(31, "lidia", "Химическая завивка 6400", branch=1),
        Visit(22, "timofey", "Массаж головы 2500", branch=2, returned=(19, 1000)),
        Visit(18, "yana", "Ламинирование 5800", branch=2),
        Visit(10, "karina", "Маникюр 2600", points=290, branch=3),
        Visit(6, "roman", "Стрижка машинкой 900", branch=3),
        Visit(4, "lidia", "Укладка 2200", points=100, branch=2),
    ),
}
"""By business, the earliest first."""

COLOURS = {"espresso": "#7a3b12", "style": "#5b3c88", "glame": "#111111", "krasota": "#a3264d"}
"""What their widgets are dressed in, to match their sites."""

APPLICANT = Guest("Пётр Калинин", "+79160001099", email="kalinin@example.com")
APPLICATION = {
    "name": "Пекарня «Тёплый хлеб»",
    "city": "Тверь",
    "timezone": "Europe/Moscow",
    "preset": "default",
    "comment": "Две точки у вокзала, CRM нет, кассиры работают с телефона. Хотим начислять 5 % с чека.",
}

ANSWERS: dict[str, tuple[tuple[str, int | None, str | None], ...]] = {
    "espresso": (
        ("maria", 10, "Лучший капучино на Покровке."),
        ("gleb", 9, None),
        ("polina", 4, "Чизкейк был вчерашний, а ждала двадцать минут."),
    ),
    "style": (("sofia", 10, "Дарья чудо!"), ("anton", 8, None), ("maria", 9, None), ("ivan", None, None)),
}
"""What guests said of their last visit: the score and the words; those without a score have not answered."""

SERVICES: dict[str, tuple[tuple[str, str | None, int, int | None], ...]] = {
    "style": (
        ("Стрижка", "Волосы", 3200, 60),
        ("Стрижка и укладка", "Волосы", 4300, 90),
        ("Мужская стрижка", "Волосы", 1900, 45),
        ("Вечерняя укладка", "Волосы", 2800, 60),
        ("Окрашивание", "Цвет", 7200, 150),
        ("Тонирование", "Цвет", 5400, 120),
        ("Уход", None, 1800, 30),
    ),
    "krasota": (
        ("Маникюр", "Ногти", 2600, 75),
        ("Педикюр", "Ногти", 3200, 90),
        ("Укладка", "Волосы", 2200, 45),
        ("Ламинирование", "Волосы", 5800, 120),
        ("Массаж головы", None, 2500, 40),
    ),
}
"""What salons sell: name, category, price, minutes."""

PROMOTIONS: dict[str, tuple[tuple[str, str, dict], ...]] = {
    "style": (
        ("Цвет: 10 % баллами", "category", {"rate": "0.1", "categories": ["Цвет"], "budget": 20_000}),
        (
            "Тихие часы",
            "happy_hours",
            {"factor": "2", "hours": [{"days": [1, 2, 3], "since": "11:00", "until": "14:00"}]},
        ),
    ),
}
"""Name, kind and terms; the first of a business is on, the others are drafts."""
CLAIMS = {"style": (("maria", "4300.00", ()), ("anton", "19000.00", ("large",)))}
"""What guests say they bought just now, and what looks odd about it; the staff have yet to decide."""
