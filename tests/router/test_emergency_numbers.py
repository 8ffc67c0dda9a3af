"""Several dangers in one message, worded so that each number is read once."""

import pytest

from router.words.emergency_numbers import each_once

POLICE = "17 ou 112 : appelez la police. Mettez-vous à l'abri. Sourd : 114 par SMS."
FIRE = "18 ou 112 : appelez les pompiers. N'allumez rien. Sourd : 114 par SMS."
ANY = "112 : appelez. 15 : urgence médicale. 17 : police. Mettez-vous à l'abri."


def test_numbers_that_were_told_and_advice_that_was_given_are_not_repeated():
    assert each_once([POLICE, ANY]) == [POLICE, "15 : urgence médicale."]


def test_advice_about_another_danger_stays_though_its_numbers_were_told():
    assert each_once([POLICE, "112 : appelez. Ne touchez pas au câble."]) == [
        POLICE,
        "Ne touchez pas au câble.",
    ]
    assert each_once([POLICE, FIRE]) == [
        POLICE,
        "18 ou 112 : appelez les pompiers. N'allumez rien.",
    ]


@pytest.mark.parametrize(
    "advice",
    [
        "Sortez sans rien allumer et appelez le 17.",
        "Si quelqu'un est blessé, restez près de lui et appelez le 17.",
        "Éloignez-vous, puis : 17.",
    ],
)
def test_advice_stays_whole_though_it_names_a_number_that_was_told(advice):
    assert each_once([POLICE, advice]) == [POLICE, advice]


def test_a_text_that_says_nothing_new_is_left_out():
    assert each_once([POLICE, "17 : police. Mettez-vous à l'abri."]) == [POLICE]


@pytest.mark.parametrize(
    "text",
    [
        POLICE,
        "3919 : oui.  Le 3919 est gratuit.",
        "17 或 112：请报警。请说明地点。发短信到 114。",
        "Une.\n\nDeux. Trois.",
    ],
)
def test_one_danger_is_worded_as_it_is_written(text):
    assert each_once([text]) == [text]


def test_a_number_inside_another_is_not_that_number():
    told = "3919 : on vous écoute."
    assert each_once([told, "119 : enfance. 0251119 : mairie."]) == [
        told,
        "119 : enfance. 0251119 : mairie.",
    ]
