"""Lines of a script as people write them, taken apart: number, marks, speaker, condition and what is left.

Nothing here knows of scorecards. Every expression is bounded or anchored, so that time grows with the length of a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from qa_pipeline.domain.contact import Role
from qa_pipeline.scorecards.script_tables import Tables
from qa_pipeline.scorecards.script_wording import is_spoken

LINE_MAX = 2000
_TAB = " " * 4
# Word processors write digits, letters and the full stop of numbers in full width, and put signs of no width.
_PLAIN: dict[int, str | int | None] = {0xFF01 + at: 0x21 + at for at in range(94) if chr(0x21 + at).isalnum()} | {
    0xFF0E: ".",
    0x3000: " ",
}
_PLAIN |= {sign: None for sign in (0xFEFF, 0x200B, 0x200C, 0x200D, 0x00AD)}

_ZH_NUMBER = "[一二三四五六七八九十]{1,3}"
# Style of numbering -> how it begins a line. The order decides where several fit.
_NUMBERS = (
    (
        "part",
        re.compile(rf"(?:第\s?(?:\d{{1,3}}|{_ZH_NUMBER})\s?(?:部分|章|节|阶段)|part\s\d{{1,3}})[\s:：.、]*", re.I),
    ),
    (
        "step",
        re.compile(
            rf"(?:step\s?\d{{1,3}}|步骤\s?(?:\d{{1,3}}|{_ZH_NUMBER})|第\s?(?:\d{{1,3}}|{_ZH_NUMBER})\s?步)[\s:：.、)）]*",
            re.I,
        ),
    ),
    ("dotted", re.compile(r"\d{1,3}(?:\.\d{1,3}){1,3}[\s.、:：)）]*")),
    ("arabic", re.compile(r"\d{1,3}\s?(?:[.、)）．:：](?!\d)|\s(?=\D))\s*")),
    ("bracket", re.compile(rf"[（(](?:\d{{1,3}}|{_ZH_NUMBER}|[a-z])[)）]\s*", re.I)),
    ("circle", re.compile(r"[①-⑳]\s*")),
    ("chinese", re.compile(rf"{_ZH_NUMBER}[、.．]\s*")),
    ("letter", re.compile(r"[a-z][.)）]\s+", re.I)),
    ("bullet", re.compile(r"[-*+•·●○▪–—]\s+|[•·●○▪★☆◆◇■□▲△►▶➢➤✓√※\uf06c\uf0b7\uf0d8\uf0fc]\s*")),
)
_HEADING = re.compile(r"#{1,6}\s+")
_SEPARATOR = re.compile(r"[-=*_\s]{3,}$|```.*$|\|?[\s:|-]{3,}$")

_SPEAKERS = {
    Role.AGENT: re.compile(
        r"(?:坐席|座席|客服(?:人员|专员|代表)?|话务员|专员|接线员|agent|rep(?:resentative)?|csr|operator|advisor)\s?[:：]\s*",
        re.I,
    ),
    Role.CUSTOMER: re.compile(r"(?:客户|用户|顾客|来电人|买家|customer|caller|client|user)\s?[:：]\s*", re.I),
}
_WEIGHT = re.compile(r"[（(【\[][^（(【\[\d]{0,8}?(\d{1,3}(?:\.\d{1,2})?)\s?(?:分|points?|pts?)\s?[)）】\]]", re.I)
_FATAL_WORD = r"(?:红线|致命项?|一票否决|fatal|critical|red\s?line)"
_FATAL = re.compile(rf"[（(【\[]\s?{_FATAL_WORD}\s?[)）】\]]\s?[:：]?\s?|^{_FATAL_WORD}\s?[:：]\s?", re.I)
_OPTIONAL = re.compile(
    r"[（(【\[]\s?(?:可选|选说|非必须|optional)\s?[)）】\]]\s?[:：]?\s?|^(?:可选|optional)\s?[:：]\s?", re.I
)
_REQUIRED = re.compile(r"[（(【\[]\s?(?:必说|必选|必答|必须|required|mandatory)\s?[)）】\]]", re.I)
_ACTION_WORD = r"(?:操作|动作|系统操作|系统|action|system|note|备注|注意|提示)"
_ACTIONS = (
    re.compile(rf"[（(【\[]\s?{_ACTION_WORD}\s?[:：]\s?([^）)】\]]{{1,300}})[）)】\]]", re.I),
    re.compile(rf"[（(【\[]\s?{_ACTION_WORD}\s?[）)】\]]\s?([^。\n]{{0,300}})。?", re.I),
    re.compile(rf"^{_ACTION_WORD}\s?[:：]\s?(.{{1,300}})$", re.I),
    re.compile(r"(?<!\*)\*(?![*\s])([^*\n]{1,300})\*(?!\*)"),
)
_TIME_UNITS = {"秒": 1, "分": 60, "s": 1, "m": 60}
_TIME_ZH = r"(\d{1,4}|[一二两三四五六七八九十]{1,3})\s?(秒|分)钟?(?:之|以)?内"
_TIME_EN = r"within\s(\d{1,4}|one|two|three|five|ten|thirty)\s?(s|m)(?:ec(?:ond)?s?|in(?:ute)?s?)?\b"
_TIMES = (
    re.compile(rf"[（(【\[]\s?{_TIME_ZH}[^）)】\]]{{0,20}}[)）】\]]|^{_TIME_ZH}\s?[,，:：]?\s?"),
    re.compile(rf"[（(【\[]\s?{_TIME_EN}[^）)】\]]{{0,20}}[)）】\]]|^{_TIME_EN}\s?[,，:：]?\s?", re.I),
)
_NUMBER_WORDS = {"one": 1, "two": 2, "three": 3, "five": 5, "ten": 10, "thirty": 30, "两": 2} | {
    word: number for number, word in enumerate("一二三四五六七八九十", 1)
}
_FORBIDDEN = re.compile(
    r"(?:禁止|不得|严禁|不准|不许|不可以?|切勿|禁用语?|never|do\snot|don'?t|must\snot|avoid)\s?"
    r"(?:对客户)?(?P<says>(?:说出?|出现|使用|用语|回复|say(?:ing)?|us(?:e|ing)|tell(?:ing)?(?:\sthe\scustomer)?)?\s?[:：]?)\s?",
    re.I,
)
_MUST = re.compile(
    r"(?:必须|必说|务必|应当|须|must|always|be\ssure\sto)\s?"
    r"(?:(?:向?客户)?(?:说明|说出?|告知|告诉|提示|表明|声明)(?:客户)?|say|tell(?:\sthe\scustomer)?)?\s?(?P<says>[:：]?)\s?",
    re.I,
)
# What comes before a colon in a line and is not said: 提供方案：… "Ask for the reason: …"
_LABEL = re.compile(r"([^\s，,。；;：:！!？?“”\"「『\[【{<（(][^，,。；;：:！!？?“”\"「『\[【{<]{1,24})[：:]\s*(?=\S)")
_PARTY = r"(?:客户|用户|顾客|对方|来电人|the\scustomer|the\scaller|customers?|caller|they|he|she)"
_BRANCH = re.compile(rf"(?:如果|假如|倘若|若是?|如|当|遇到?|if|when|should)\s?({_PARTY}.{{0,300}})$", re.I)
# 客户不方便：… without an "if": a party that does or is something, and a colon.
_STATE = (
    r"不|没|有|无|要|想|说|问(?!题)|称(?!呼)|表示|提出|投诉|质疑|拒|犹豫|觉得|担心|反映|反馈|坚持|抱怨|嫌|怀疑|同意|愿意|"
    r"接受|承诺|坚决|明确"
)
_STATE_EN = r"(?:says|asks|wants|needs|is|has|does|doesn't|refuses|declines|agrees|accepts|complains|objects|insists)\b"
_BARE_BRANCH = re.compile(
    rf"((?:客户|用户|顾客|对方)[^：:“”\"，,。]{{0,4}}?(?:{_STATE})[^：:“”\"。]{{0,30}}[：:].{{0,300}})$"
    rf"|((?:the\s)?(?:customer|caller)\s{_STATE_EN}[^：:“”\".]{{0,60}}[：:].{{0,300}})$",
    re.I,
)
_BRANCH_END = re.compile(r"\s?(?:时|的话|的)?\s?(?:[，,:：;；]\s?(?:则|那么|就|then)?\s?|\sthen\s)\s?", re.I)
_ELSE = re.compile(r"(?:否则|其他情况|其它情况|反之|若否|otherwise|else|if\snot)\s?[，,:：]?\s?", re.I)
_OR = re.compile(r"(?:或者?说?|or)\s?(?:[:：]\s?|(?=[“\"「『]))", re.I)
_QUOTED = re.compile(r"“([^”]{1,600})”|「([^」]{1,600})」|『([^』]{1,600})』|\"([^\"]{1,600})\"|‘([^’]{2,600})’")
# Between two quotes: one of them is to be said.
_CHOICE = re.compile(r"\ue000\s?(?:或者?|/|／|、|or\b)", re.I)


@dataclass(slots=True)
class Line:
    """One line of a script. ``text``: what is left when the marks are taken off, of a branch its first step.

    ``title``: the same before 不得说, "must say" or a label is taken off. ``style``: of numbering, "heading" or "";
    ``number``: as written, such as ``2.1``. ``says``: the beginning announces words. ``stands_apart``: nothing stands
    in the line above. ``is_table_head``: the first row of a table.
    """

    row: int
    written: str
    indent: int = 0
    style: str = ""
    number: str = ""
    role: Role | None = None
    text: str = ""
    title: str = ""
    weight: float | None = None
    within_s: float | None = None
    fatal: bool = False
    optional: bool = False
    forbidden: bool = False
    must: bool = False
    says: bool = False
    alternative: bool = False
    otherwise: bool = False
    condition: str = ""
    actions: list[str] = field(default_factory=list)
    quotes: list[str] = field(default_factory=list)
    condition_quotes: list[str] = field(default_factory=list)
    has_choice: bool = False
    too_long: bool = False
    stands_apart: bool = False
    is_table_head: bool = False

    @property
    def is_branch(self) -> bool:
        """Whether the line opens a branch."""
        return bool(self.condition) or self.otherwise


def read_lines(text: str) -> Iterator[Line]:
    """Yield the lines of a script that hold something, in order."""
    tables = Tables()
    stands_apart = True
    for row, raw in enumerate(text.translate(_PLAIN).splitlines(), 1):
        stripped = raw.lstrip(" >\t").rstrip()
        if not stripped or _SEPARATOR.match(stripped):
            stands_apart = True
            tables.end(stripped)
            continue
        indent = len(raw[: len(raw.rstrip()) - len(stripped)].replace("\t", _TAB))
        line = Line(row=row, written=stripped.replace("\t", _TAB), indent=indent, stands_apart=stands_apart)
        stands_apart = False
        if len(stripped) > LINE_MAX:
            line.too_long = True
        elif tables.is_head(stripped):
            line.is_table_head = True
        else:
            _take_apart(line, tables.read(stripped).replace("\t", _TAB))
        yield line


def _take_apart(line: Line, text: str) -> None:
    text = re.sub(r"\*\*([^*]{1,300})\*\*", r"\1", text)
    heading = _HEADING.match(text)
    if heading:
        line.style, text = "heading", text[heading.end() :]
    else:
        text = _take_number(line, text)
    text = _take_marks(line, text)
    text = _take_speaker(line, text)
    line.title = text.strip()
    if line.role is None and line.style != "heading":
        text = _take_beginning(line, text)
    line.text = text.strip()
    line.quotes = _quoted(line.text)
    line.condition_quotes = _quoted(line.condition)
    line.has_choice = bool(_CHOICE.search(_QUOTED.sub("\ue000", line.text)))


def _quoted(text: str) -> list[str]:
    return [next(part for part in match.groups() if part) for match in _QUOTED.finditer(text)]


def _take_number(line: Line, text: str) -> str:
    for style, pattern in _NUMBERS:
        found = pattern.match(text)
        if found:
            line.style, line.number = style, found.group().strip(" .、:：)）(（")
            return text[found.end() :]
    return text


def _take_marks(line: Line, text: str) -> str:
    weight = _WEIGHT.search(text)
    if weight:
        line.weight = float(weight.group(1))
        text = text[: weight.start()] + text[weight.end() :]
    for pattern, name in ((_FATAL, "fatal"), (_OPTIONAL, "optional")):
        text, count = pattern.subn("", text, count=1)
        setattr(line, name, bool(count))
    for pattern in _ACTIONS:
        line.actions += [match.group(1).strip() or match.group() for match in pattern.finditer(text)]
        text = pattern.sub("", text)
    text = _REQUIRED.sub("", text).strip()
    for pattern in _TIMES:
        found = pattern.search(text)
        if found:
            amount, unit = [part for part in found.groups() if part]
            seconds = float(amount) if amount.isdecimal() else _number(amount)
            line.within_s = seconds * _TIME_UNITS[unit.lower()]
            text = text[: found.start()] + text[found.end() :]
            break
    return text.strip()


def _number(word: str) -> float:
    if word.lower() in _NUMBER_WORDS:
        return float(_NUMBER_WORDS[word.lower()])
    tens, _, ones = word.partition("十")
    return float(_NUMBER_WORDS.get(tens, 1) * 10 + _NUMBER_WORDS.get(ones, 0))


def _take_speaker(line: Line, text: str) -> str:
    for role, pattern in _SPEAKERS.items():
        found = pattern.match(text)
        if found:
            line.role = role
            return text[found.end() :]
    return text


def _take_beginning(line: Line, text: str) -> str:
    """Take what a line begins with when nobody is named as its speaker: or, otherwise, if, never, must."""
    for pattern, name in ((_OR, "alternative"), (_ELSE, "otherwise"), (_FORBIDDEN, "forbidden"), (_MUST, "must")):
        found = pattern.match(text)
        if found:
            setattr(line, name, True)
            line.says = bool(found.groupdict().get("says"))
            return _take_speaker(line, text[found.end() :])
    branch = _BRANCH.match(text) or _BARE_BRANCH.match(text)
    if branch:
        condition, text = _parted(next(part for part in branch.groups() if part))
        line.condition = condition
        text = _take_speaker(line, text)
    label = _LABEL.match(text)
    if label and line.role is None and not is_spoken(label.group(1)):
        return _take_speaker(line, text[label.end() :])
    return text


def _parted(branch: str) -> tuple[str, str]:
    """Return the condition of a branch and what follows it; punctuation in quotes ends no condition."""
    quoted = [match.span() for match in _QUOTED.finditer(branch)]
    for end in _BRANCH_END.finditer(branch):
        if not any(start <= end.start() < stop for start, stop in quoted):
            return branch[: end.start()].strip(), branch[end.end() :]
    return branch.strip(), ""
