import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.errors import InvalidName
from loyalty.names import first_name, require_name, tidy_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (" Анна   Мария ", "Анна Мария"),
        ("Анна\nМария", "Анна Мария"),
        ("и\u0306", "й"),
        ("O'Brien & Söhne 🙂", "O'Brien & Söhne 🙂"),
        ("\u202eгалиП\u200b \ufeffКим", "галиП Ким"),
        ("👩\u200d🍳 🏴\U000e0067\U000e0062\U000e007f", "👩\u200d🍳 🏴\U000e0067\U000e0062\U000e007f"),
        ("", None),
        ("\u200b\u2060", None),
        ("\u200d\ufe0f", None),
        ("\u3164 \u2800", None),
        ("  ", None),
        (None, None),
    ],
)
def test_a_name_is_kept_as_people_write_it(text, name):
    assert tidy_name(text) == name


@pytest.mark.parametrize("text", ["а" * 201, "a\u0000b", "\ud800", "a\u001b[31m", 5, ["Анна"], True])
def test_what_is_no_name_is_refused(text):
    with pytest.raises(InvalidName):
        tidy_name(text)


@pytest.mark.parametrize("text", [None, "", " \t"])
def test_a_required_name_must_be_there(text):
    with pytest.raises(InvalidName) as refused:
        require_name(text, field="title")
    assert refused.value.field == "title"


@given(st.text(max_size=250))
def test_anything_typed_is_refused_or_can_be_stored(text):
    try:
        name = tidy_name(text)
    except InvalidName:
        return
    assert name is None or (1 <= len(name) <= 200 and "\u0000" not in name and name.encode())


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Анна Петрова", "Анна"),
        ("  jean-luc  p. ", "jean-luc"),
        ("+79161234567", None),
        ("anna@example.com", None),
        ("t.me/anna", None),
        ("", None),
        (None, None),
        ("!!!", None),
    ],
)
def test_before_strangers_one_is_called_by_the_first_word_if_it_is_one(name, shown):
    assert first_name(name) == shown
