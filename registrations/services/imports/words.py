"""Words of a list for a profile or a language that are not ours: each is asked once, whatever the number of rows."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings

from registrations.models import MAX_WORD_LENGTH, ImportWord, ParticipantProfile, ParticipatingBody
from registrations.services.imports.normalising import normalised
from registrations.services.imports.people import LANGUAGE_WORDS, ImportRow, formula_message, profiles_by_word

# A column with more words than this holds no profiles. The words of the most rows are asked.
MAX_WORDS = 40
# Parts of words that mean one profile: the profile whose own names contain a part of the same group.
STEMS = (
    ("fiscal", "prosecut", "procurad", "attorney"),
    ("migra",),
    ("fronter", "border"),
    ("invest",),
)
# Police are investigators, unless the word says more: "Policía de fronteras".
POLICE, INVESTIGATORS = "polic", ("invest",)

# What the user answered: a profile's code or a language, or "", by field and normalised word.
Answers = Mapping[tuple[str, str], str]


@dataclass(frozen=True)
class ListWord:
    """A word in column `field` that is none of ours, as first written, and the choice that it stands for ("" if open).

    `choices` are the codes that it can stand for, with their labels.
    """

    field: str
    word: str
    text: str
    rows: int
    choice: str
    choices: tuple[tuple[str, str], ...]


def profile_words(
    people: Sequence[ImportRow],
    profiles: Sequence[ParticipantProfile],
    *,
    body: ParticipatingBody,
    answers: Answers,
) -> list[ListWord]:
    """Return the words that name no profile, with the profile answered, remembered for `body` or suggested.

    Costs one query if there is such a word. People of organisations have no profiles, and nothing is asked.
    """
    unknown = _unknown_words(people, "profile", profiles_by_word(profiles)) if profiles else {}
    remembered = _remembered(body, unknown) if unknown else {}
    choices = tuple((profile.code, str(profile.name)) for profile in profiles)
    codes = dict(choices)

    def choice_of(word: str) -> str:
        if ("profile", word) in answers:
            return answers["profile", word]
        return remembered.get(word) or _suggested_profile(word, profiles)

    return [
        ListWord("profile", word, text, rows, choice if (choice := choice_of(word)) in codes else "", choices)
        for word, (text, rows) in unknown.items()
    ]


def language_words(people: Sequence[ImportRow], *, answers: Answers) -> list[ListWord]:
    """Return the words that are no language of ours, with the language answered, or the one they name first."""
    choices = tuple((code, str(label)) for code, label in settings.LANGUAGES)
    codes = dict(choices)
    found = []
    for word, (text, rows) in _unknown_words(people, "language", LANGUAGE_WORDS).items():
        choice = answers.get(("language", word), _first_language_in(word))
        found.append(ListWord("language", word, text, rows, choice if choice in codes else "", choices))
    return found


def remember_words(
    words: Iterable[ListWord], profiles: Iterable[ParticipantProfile], *, body: ParticipatingBody
) -> None:
    """Store for `body` what its words for profiles stand for; a word that is stored already gets the new profile."""
    by_code = {profile.code: profile for profile in profiles}
    rows = [
        ImportWord(body=body, word=word.word, profile=by_code[word.choice])
        for word in words
        if word.field == "profile" and word.choice in by_code
    ]
    ImportWord.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["body", "word"], update_fields=["profile"]
    )


def _unknown_words(people: Sequence[ImportRow], field: str, known: Iterable[str]) -> dict[str, tuple[str, int]]:
    """Return each unknown word with its text as first written and its number of rows, in the order of the list."""
    known = frozenset(known)
    texts: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for text, rows in Counter(person.text(field).strip() for person in people).items():
        word = normalised(text)
        if word and word not in known and len(word) <= MAX_WORD_LENGTH and not formula_message(text):
            texts.setdefault(word, text)
            counts[word] += rows
    most_frequent = dict(counts.most_common(MAX_WORDS))
    return {word: (text, counts[word]) for word, text in texts.items() if word in most_frequent}


def _remembered(body: ParticipatingBody, words: Iterable[str]) -> dict[str, str]:
    rows = ImportWord.objects.filter(body=body, word__in=list(words)).order_by()
    return dict(rows.values_list("word", "profile__code"))


def _suggested_profile(word: str, profiles: Sequence[ParticipantProfile]) -> str:
    """Return the code of the only profile that the word's parts mean; "" for none, and for two."""
    groups = [group for group in STEMS if _has_any(word, group)]
    if not groups and POLICE in word:
        groups = [INVESTIGATORS]
    found = [
        profile.code
        for profile in profiles
        if any(_has_any(own_word, group) for own_word in profiles_by_word([profile]) for group in groups)
    ]
    return found[0] if len(found) == 1 else ""


def _has_any(word: str, parts: Sequence[str]) -> bool:
    return any(part in word for part in parts)


def _first_language_in(word: str) -> str:
    places = [(word.find(name), code) for name, code in LANGUAGE_WORDS.items() if len(name) > 3 and name in word]
    return min(places)[1] if places else ""
