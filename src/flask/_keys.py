"""What is wrong with a secret key, if anything: whether somebody who has never seen it could sign with it.

A key is never written, logged or kept here, and a key is never refused: whoever asks is told a reason, or None.
"""

from __future__ import annotations

import re
import typing as t
import weakref
from itertools import pairwise

#: Bytes that a key has at least. All that has ever been recommended for Flask has 16 or more.
SHORTEST = 16

# What may be wrong with one, to follow its name in a sentence.
STANDS_IN_PUBLIC = "stands in public documentation or code"
MADE_OF_WORDS = "is a placeholder, or made of words that stand in many programs"
TOO_SHORT = f"is shorter than {SHORTEST} bytes"
REPEATS = "repeats itself"  # or counts, or is the alphabet

#: What to do about it.
REMEDY = "Set a random one, as of: python -c 'import secrets; print(secrets.token_hex())'"

# Keys that look random, and stand in documentation, in tutorials, or in programs that had them as their default.
_PUBLIC = frozenset(
    {
        # Flask's documentation, 3.x to 1.0 and before
        '_5#y2L"F4Q8z\n\xec]/',
        "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
        "A0Zr98j/3yX R~XHH!jmN]LWX/,?RT",
        '\xfd{H\xe5<\x95\xf9\xe3\x96.5\xd1\x01O<!\xd5\xa2\xa0\x9fR"\xa1\xa8',
        # Flask-Security's, and its salt
        "pf9Wkove4IKEAXvy-cQkeDPhv9Cb3Ag-wyJILbq_dFw",
        "146585145368132386173505678016728509634",
        # Tutorials and books
        "5791628bb0b13ce0c676dfde280ba245",
        "fB04LfYc0Nfjneu47wYwPGyWYcEVeWbaxdA",
        "hjshjhdjah kjshkjdhjs",
        "F34TF$($e34D",
        "you-will-never-guess",
        "hard to guess string",
        "this-really-needs-to-be-changed",
        "correct-horse-battery-staple",
        # Apache Superset (CVE-2023-27524), with its escapes read as Python does and as they stand
        "\x02\x01thisismyscretkey\x01\x02\\e\\y\\y\\h",
        "\\2\\1thisismyscretkey\\1\\2\\e\\y\\y\\h",
        "thisISaSECRET_1234",
        "TEST_NON_DEV_SECRET",
        # Redash (CVE-2021-41192), Apache Airflow (CVE-2020-17526)
        "c292a0a3aa32397cdb050e233733900f",
        "temporary_key",
    }
)

# Words that keys are made of where nobody has made one. A key of such words alone, whatever stands between them, can be
# guessed; one other word, or letters at random, makes it one that this page does not know.
_WORDS = (
    "abc admin an and any app application as at auth bar baz be before by change changed changeit changeme "
    "complex cookie default demo deploy dev devel develop development django do empty example fallback fixme "
    "flask foo for generated go goes guess hard has hello here hey hidden hush in insecure is isa it jwt keep key "
    "keys known knows local long me must my name needs never no nobody not now of one only or other our own pass "
    "passphrase passwd password phrase place placeholder please precious private prod production put qwerty "
    "random really replace safe sample secret secrets secure security session set signing simple so some "
    "something staging string strong super tbd temp temporary test testing text that the thing this to todo token "
    "top tutorial unguessable unique unknown unsafe update use used user very web website will with word world "
    "xxx you your yours"
).split()
_WORD = rf"(?:{'|'.join(sorted(_WORDS, key=len, reverse=True))}|(?<![^\W_])a(?![^\W_]))"
_JUST_WORDS = re.compile(rf"(?:[\W\d_]{{0,10}}{_WORD})+[\W\d_]{{0,10}}")
_LOOKS_LIKE_LETTERS = str.maketrans("013457@$!", "oieastasi")
_MARKED = re.compile(r"<[ -~]*>|\{\{[ -~]*\}\}|\$\{[ -~]*\}|%\([ -~]*\)s|django-insecure-.*")


def weakness(key: object) -> str | None:
    """What is wrong with a key, to follow its name in a sentence; None where nothing is known against it."""
    if isinstance(key, (bytes, bytearray)):
        text = key.decode("latin-1")
        size = len(key)
    else:
        text = str(key)
        size = len(text.encode("utf-8", "surrogatepass"))
    if text in _PUBLIC:
        return STANDS_IN_PUBLIC
    plain = text.strip().lower()
    if _MARKED.fullmatch(plain) or _is_words(plain) or _is_words(plain.translate(_LOOKS_LIKE_LETTERS)):
        return MADE_OF_WORDS
    if size < SHORTEST:
        return TOO_SHORT
    if len({ord(after) - ord(before) for before, after in pairwise(text)}) < 4:
        return REPEATS
    return None


def _is_words(text: str) -> bool:
    # Ways to divide a text into words multiply with its length; nobody writes so long a placeholder.
    return len(text) <= 80 and 3 * sum(map(str.isalpha, text)) >= len(text) and _JUST_WORDS.fullmatch(text) is not None


# Apps whose keys were looked at.
_known: weakref.WeakSet[t.Any] = weakref.WeakSet()


def warn_once(app: t.Any) -> None:
    """Warn of the keys that the app signs and verifies with, the first time outside of debug and testing."""
    config = app.config
    if app in _known or config.get("DEBUG") or config.get("TESTING"):
        return
    _known.add(app)
    fallbacks = config.get("SECRET_KEY_FALLBACKS") or ()
    if isinstance(fallbacks, (str, bytes)):
        _warn(app, "SECRET_KEY_FALLBACKS", "is one text, of which each character is a key: it must be a list")
        fallbacks = ()
    for name, key in (("SECRET_KEY", app.secret_key), *(("A key of SECRET_KEY_FALLBACKS", key) for key in fallbacks)):
        reason = weakness(key)
        if reason is not None:
            _warn(app, name, reason)


def _warn(app: t.Any, name: str, reason: str) -> None:
    app.logger.warning("%s %s. Whoever guesses a key can sign any session. %s", name, reason, REMEDY)
