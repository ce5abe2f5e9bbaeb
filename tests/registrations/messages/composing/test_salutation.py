import pytest
from django.template.loader import render_to_string
from django.utils import translation

from registrations.messages.composing import has_title


@pytest.mark.parametrize(
    ("name", "language", "salutation"),
    [
        ("Ana Paz", "es", "Estimada/o Ana Paz:"),
        ("Licda. Ana Paz", "es", "Licda. Ana Paz:"),
        ("Lic Luis Paz", "es", "Lic Luis Paz:"),
        ("Dra. Ana Paz", "es", "Dra. Ana Paz:"),
        ("Drake Muestra", "es", "Estimada/o Drake Muestra:"),
        ("Licda. Ana Paz", "en", "Dear Licda. Ana Paz,"),
        ("", "es", "Buenos días:"),
    ],
)
def test_a_person_is_addressed_by_their_title_if_they_have_one(name, language, salutation):
    with translation.override(language):
        text = render_to_string("mail/_salutation.txt", {"reader_name": name, "reader_has_title": has_title(name)})

    assert text == salutation
