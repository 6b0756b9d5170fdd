"""Dates and times as people type them."""

from datetime import date, time

import pytest

from portal.dates import NotADate, parse_date, parse_time


@pytest.mark.parametrize(
    "text",
    [
        "1961-03-14",
        "19610314",
        "14 Mar 1961",
        "14 march 1961",
        "14. Mar 1961",
        "Mar 14, 1961",
        "March 14 1961",
        "14.3.1961",
        "14.03.1961",
        "14/3/1961",
        "3/14/1961",
        "14-3-1961",
        "1961/3/14",
        "1961年3月14日",
        "  14  Mar  1961 ",
    ],
)
def test_a_date_is_read_in_the_forms_people_use(text):
    assert parse_date(text) == date(1961, 3, 14)


def test_an_ambiguous_date_is_asked_back():
    """ui.md §7: an ambiguous entry asks."""
    with pytest.raises(NotADate, match="3 April 1961 or 4 March 1961"):
        parse_date("3/4/1961")


@pytest.mark.parametrize("text", ["14.3.61", "yesterday", "31.2.1961", "14 Foo 1961", "1961", "99"])
def test_what_is_no_date_is_refused_with_a_sentence(text):
    with pytest.raises(NotADate, match=r"\.$"):
        parse_date(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("14:30", time(14, 30)),
        ("1430", time(14, 30)),
        ("14.30", time(14, 30)),
        ("9", time(9)),
        ("2:30 pm", time(14, 30)),
        ("12 am", time(0)),
        ("14h30", time(14, 30)),
    ],
)
def test_a_time_is_read_in_the_forms_people_use(text, expected):
    assert parse_time(text) == expected


@pytest.mark.parametrize("text", ["25:00", "14:75", "noonish", "14:3"])
def test_what_is_no_time_is_refused_with_a_sentence(text):
    with pytest.raises(NotADate, match=r"\.$"):
        parse_time(text)
