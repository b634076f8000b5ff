"""English names: by a title, by words that open a name, by given names, as the answer to a question, spelled."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qa_pipeline.privacy.kinds import Kind, Span
from qa_pipeline.privacy.personal_lexicon import alternatives, personal_lexicon

_CAPITAL = r"(?-i:[A-Z][a-z'’]*(?:[A-Z][a-z]+)?(?:-[A-Za-z][a-z]+)?)"
_LOWER = r"(?<![a-z'])[a-z]['a-z-]{1,24}(?![a-z'])"
_TITLE = r"(?<![a-z])(?:mr|mrs|ms|miss|mister|dr|doctor|sir|professor|madam)\b\.?"
_OPENING = (
    r"(?<![a-z])(?:my (?:full |first |last |given |family |legal |maiden )?name(?:'s| is| was)|"
    r"(?<!company )(?<!product )(?<!business )(?<!store )(?<!shop )"
    r"(?<!school )(?<!hotel )(?<!user )(?<!file )(?<!domain )(?<!host )(?<!team )(?<!app )(?<!brand )name(?: on (?:the|"
    r"my) (?:account|card|order|policy|booking|file))?(?: is|'s|:)|"
    r"the name(?:'s| is)|(?:surname|last name|first name|account ?holder|card ?holder|policy ?holder|recipient|"
    r"addressee|passenger|contact person)(?: is| was|'s|:)|"
    r"i am called|call me|i go by|goes by|under the name(?: of)?|in the name of|under|speaking (?:with|to)|you(?:'ve|"
    r" have) reached|booked for|made out to|please bill|bill to|"
    r"my (?:husband|wife|son|daughter|mother|father|brother|sister|partner|boss|colleague|friend)(?:'s name)?(?: is|"
    r",)?|ask for|attention|attn|signed by|addressed to|authorized user is)"
)
_WEAK_OPENING = (
    r"(?<![a-z])(?:this is|it is|it's|here is|i am|i'm|hi|hello|hey|dear|thanks|thank you|welcome|is this|sorry|"
    r"morning|afternoon|evening)"
)
_ASKED = re.compile(
    r"(?:your|the|customer'?s?|caller'?s?|account ?holder'?s?|first|last|full|a) (?:(?:full|first|last|family|"
    r"sur) ?)?(?:and last )?name|surname|last name|first name|who am i (?:speaking|talking)|(?:may|can|"
    r"could) i (?:ask|know|have|get) (?:who|whom)|who is (?:this|calling)|name,? please|how (?:do|would) (?:you|"
    r"i) spell|spell (?:that|it|your)|what(?:'s| is) your name|name on the (?:account|card|order|booking|reservation|"
    r"ticket|policy|file)",
    re.IGNORECASE,
)
_ABOUT_SPELLING = re.compile(r"spell|spelled|spelt|name|letters|initials", re.IGNORECASE)
_LETTER = r"(?<![a-z0-9'])[a-z](?:\s(?:as in|for|like)\s[a-z]+)?(?![a-z0-9'])"
_SPELLED = re.compile(
    rf"(?:double[ -])?{_LETTER}(?:[\s,.\-]{{1,3}}(?:double[ -]|and )?{_LETTER}){{2,20}}", re.IGNORECASE
)
_CONTRACTED = re.compile(r"['’](?:re|ve|ll|d|m|t)$")
_CAPITALS_MIN = 5
_WORD = re.compile(r"(?<![A-Za-z0-9'@._-])[A-Za-z]{2,20}(?:'[A-Za-z]{2,12})?(?![A-Za-z0-9@_])")
_FOLLOWING = re.compile(r"(?:(?: [A-Za-z]\.?)?[ -][A-Za-z][A-Za-z'-]{1,24}){1,2}")
_SPEAKS = re.compile(r"[,\s]+(?:speaking|calling)(?![a-z])", re.IGNORECASE)


class EnglishNames:
    """The finder; patterns are made once from the lexicon."""

    def __init__(self) -> None:
        words = personal_lexicon().en
        self._given = frozenset(words.given.split())
        self._surnames = frozenset(words.surnames.split())
        self._doubtful = frozenset(words.doubtful.split())
        self._no_names = frozenset(words.no_names.split())
        given = alternatives(words.given)
        self._patterns = tuple(
            re.compile(pattern, re.IGNORECASE)
            for pattern in (
                rf"{_TITLE}\s+(?P<value>{_CAPITAL}(?:[ -]{_CAPITAL}){{0,2}}|{_LOWER})",
                rf"{_OPENING}[\s,]+(?P<value>{_CAPITAL}(?:[ -]{_CAPITAL}){{0,2}}|{_LOWER}(?: {_LOWER})?)",
                rf"(?<![a-z])(?:this is|it's|i am|i'm)\s(?P<value>{_LOWER}(?: {_LOWER})?)(?= (?:speaking|calling|"
                rf"here)(?![a-z]))",
                rf"(?<![a-z])am i (?:speaking|talking) (?:with|"
                rf"to)\s(?P<value>{_LOWER}(?: {_LOWER})?)(?=\s*(?:[?,.]|$|\ue001))",
                # What this is may be anything: only a word written or listed as a name is one.
                rf"(?<![a-z])is this\s(?P<value>{_CAPITAL}(?: {_CAPITAL})?|(?:{given})(?: {_LOWER})?)"
                rf"(?=\s*(?:[?,.]|$|\ue001))",
                rf"(?P<value>{_LOWER})(?= here (?:from|with|at)(?![a-z]))",
                rf"(?<![a-z])(?:i am|i'm|this is)\s(?P<value>(?:{given})\s{_LOWER})",
                rf"{_WEAK_OPENING}[\s,]+(?P<value>{_CAPITAL}[ -]{_CAPITAL}(?:[ -]{_CAPITAL})?)",
                rf"(?<![a-z])(?:hi|hello|hey|dear|thanks|thank you|goodbye|bye|"
                rf"welcome)[\s,]+(?P<value>{_CAPITAL})(?=[,.!?:;])",
                rf"(?P<value>{_CAPITAL}(?: {_CAPITAL})?)(?= (?:speaking|here)(?![a-z]))",
            )
        )
        self._reply = re.compile(
            rf"^(?:[\s,.]|yes|yeah|sure|okay|ok|uh|um|well|it's|it is|its|that's|that is|this is|i'm|i am|my name is|"
            rf"of course|certainly|hi|hello|the name is|first name|last name|is|"
            rf"and){{0,8}}[\s,]*(?P<value>{_CAPITAL}(?:[ -]{_CAPITAL}){{0,2}}|"
            rf"{_LOWER}(?: {_LOWER}){{0,2}})(?=\s*(?:[,.!?]|$|\ue000|\ue001|and|speaking|spelled|that's|calling|"
            rf"[a-z](?![a-z])))",
            re.IGNORECASE,
        )

    def find(self, text: str) -> Iterator[Span]:
        """Yield the names in a text."""
        for match in _SPELLED.finditer(text):
            letters = len(re.findall(_LETTER, match.group(), re.IGNORECASE))
            around = text[max(0, match.start() - 80) : match.end() + 30]
            if letters >= _CAPITALS_MIN or _ABOUT_SPELLING.search(around):
                yield Span(match.start(), match.end(), Kind.NAME)
        for pattern in self._patterns:
            for match in pattern.finditer(text):
                yield from self._trimmed(text, *match.span("value"))
        yield from self._listed(text)

    def _listed(self, text: str) -> Iterator[Span]:
        """Yield given names, with the words of the name that follow, and surnames of somebody who speaks."""
        after = 0
        for word in _WORD.finditer(text):
            plain = word.group().lower().removesuffix("'s")
            if word.start() < after:
                continue
            if plain in self._given:
                end = _FOLLOWING.match(text, word.end())
                spans = list(self._trimmed(text, word.start(), end.end() if end else word.end(), known=True))
            elif plain in self._surnames and _SPEAKS.match(text, word.end()):
                spans = list(self._trimmed(text, word.start(), word.end(), known=True))
            else:
                continue
            yield from spans
            after = spans[-1].end if spans else after

    def find_reply(self, text: str, start: int, end: int) -> Iterator[Span]:
        """Yield the name that an utterance ``start:end`` gives when it answers a question for one."""
        for spelled in _SPELLED.finditer(text[start:end]):
            yield Span(start + spelled.start(), start + spelled.end(), Kind.NAME)
        match = self._reply.search(text[start:end])
        if match and match.end("value") - match.start("value") > 2:
            yield from self._trimmed(text, start + match.start("value"), start + match.end("value"))

    def is_word(self, name: str) -> bool:
        """Return whether a name in lower case may as well be another word."""
        return name.islower() and (name in self._no_names or name in self._doubtful)

    def _trimmed(self, text: str, start: int, end: int, *, known: bool = False) -> Iterator[Span]:
        """Yield the words of a name up to the first that is none; a possessive ending does not count."""
        last = start
        for word in re.finditer(r"[^\s-]+", text[start:end]):
            plain = word.group().lower().removesuffix("'s").strip(".,'")
            is_name = plain in self._given or plain in self._surnames
            if _CONTRACTED.search(plain):
                break
            if plain in self._no_names and not (is_name if known else plain in self._doubtful and last == start):
                break
            if last > start and not is_name and not word.group()[:1].isupper() and known:
                break
            last = start + word.end() - (2 if word.group().lower().endswith("'s") else 0)
        if last > start:
            yield Span(start, last, Kind.NAME)


def questions_for_names(text: str) -> Iterator[int]:
    """Yield where a text asks for a name."""
    return (match.start() for match in _ASKED.finditer(text))
