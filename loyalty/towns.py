"""In which time zone a town lies, for towns that people are likely to name; whoever lives elsewhere is asked."""

from __future__ import annotations

import re

ZONES = {
    "Europe/Kaliningrad": "калининград kaliningrad",
    "Europe/Minsk": "минск гомель витебск гродно брест могилев minsk",
    "Europe/Moscow": """москва петербург спб питер ленинград казань краснодар воронеж ярославль рязань пенза тула липецк
        чебоксары курск тверь ставрополь сочи белгород иваново брянск владимир архангельск мурманск калуга смоленск вологда
        череповец саранск орел кострома новороссийск петрозаводск сыктывкар махачкала грозный владикавказ нальчик таганрог
        химки балашиха подольск мытищи королев люберцы красногорск одинцово домодедово серпухов коломна электросталь щелково
        нижнекамск альметьевск псков тамбов йошкар-ола анапа геленджик майкоп черкесск элиста пятигорск кисловодск рыбинск
        дзержинск муром обнинск выборг гатчина ростов-на-дону нижний_новгород великий_новгород набережные_челны
        старый_оскол сергиев_посад moscow petersburg spb kazan krasnodar voronezh yaroslavl sochi tula""",
    "Europe/Volgograd": "волгоград волжский volgograd",
    "Europe/Kirov": "киров kirov",
    "Europe/Samara": "самара тольятти ижевск сызрань samara tolyatti izhevsk",
    "Europe/Saratov": "саратов энгельс балаково saratov",
    "Europe/Ulyanovsk": "ульяновск димитровград ulyanovsk",
    "Europe/Astrakhan": "астрахань astrakhan",
    "Asia/Yekaterinburg": """екатеринбург челябинск уфа пермь тюмень оренбург магнитогорск сургут курган стерлитамак
        нижневартовск орск тобольск салехард миасс ханты-мансийск нижний_тагил новый_уренгой yekaterinburg ekaterinburg
        chelyabinsk ufa perm tyumen orenburg surgut""",
    "Asia/Omsk": "омск omsk",
    "Asia/Novosibirsk": "новосибирск бердск novosibirsk",
    "Asia/Barnaul": "барнаул бийск горно-алтайск barnaul",
    "Asia/Tomsk": "томск северск tomsk",
    "Asia/Novokuznetsk": "кемерово новокузнецк прокопьевск kemerovo novokuznetsk",
    "Asia/Krasnoyarsk": "красноярск норильск абакан кызыл ачинск krasnoyarsk norilsk",
    "Asia/Irkutsk": "иркутск братск ангарск улан-удэ irkutsk",
    "Asia/Chita": "чита chita",
    "Asia/Yakutsk": "якутск благовещенск yakutsk",
    "Asia/Vladivostok": "владивосток хабаровск находка уссурийск комсомольск-на-амуре vladivostok khabarovsk",
    "Asia/Magadan": "магадан magadan",
    "Asia/Sakhalin": "южно-сахалинск",
    "Asia/Kamchatka": "петропавловск-камчатский",
    "Asia/Almaty": "алматы алма-ата астана шымкент караганда almaty astana",
    "Asia/Bishkek": "бишкек bishkek",
    "Asia/Tashkent": "ташкент tashkent",
    "Asia/Yerevan": "ереван yerevan",
    "Asia/Tbilisi": "тбилиси батуми tbilisi batumi",
    "Asia/Baku": "баку baku",
}
"""Towns by their zone, in small letters; `_` stands for a space."""

_ZONE_OF = {town.replace("_", " ").replace("-", " "): zone for zone, towns in ZONES.items() for town in towns.split()}
_LONGEST = max(len(town.split()) for town in _ZONE_OF)


def guess_zone(text: str) -> str | None:
    """The zone of the first town that a text names, «г. Самара, ул. Ленина»; None when it names none we know."""
    words = re.findall(r"[^\W\d_]+", text.casefold().replace("ё", "е"))
    for start in range(len(words)):
        for length in range(_LONGEST, 0, -1):
            if zone := _ZONE_OF.get(" ".join(words[start : start + length])):
                return zone
    return None
