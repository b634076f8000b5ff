"""Chinese names: by a form of address, by words that open a name, as the answer to a question for one, spelled."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from qa_pipeline.privacy.kinds import Kind, Span
from qa_pipeline.privacy.personal_lexicon import alternatives, characters, personal_lexicon

_TITLES = "先生|女士|小姐|太太|老师|师傅|阿姨|大爷|大哥|大姐|同学|医生|大夫|律师|教授|经理|主任|校长"
_END = (
    r"(?=[\s，。,.！!？?、；;:：\ue000\ue001()（）]|$|[吗呢吧啊呀嗯呃哦]|本人|先生|女士|小姐|对吧|是吧|是吗|对吗|"
    r"这个|的[，。,.！!？?、；;\s]|收$|为您|很高兴|竭诚|电话|手机|身份证|卡号|账号|帐号|账户|微信|收货|被保险|投保|"
    r"还是|这位|您认识|您知道|[0-9\[]|工号)"
)
_OPENING = (
    r"姓名(?:是|叫|为|填|写|登记的?是?)|(?:真实|客户|您的?|我的?|全)?姓名[:：\s]|名字(?:是|叫|写|登记的?是?)|名字[:：]|"
    r"(?:收件人|收货人|联系人|机主|户主|户名|开户人|持卡人|投保人|被保险人|受益人|车主|业主|预订人|入住人|乘机人|"
    r"乘客|监护人|署名|签名|经办人|申请人|客户|用户|患者|病人|寄件人|签收人)(?:的?姓?名字?)?(?:改成|换成|写|填|是|叫|"
    r"为|[:：])*\s?|"
    r"我叫|叫做|名叫|名为|本人(?:是|叫)?|全名是?|改[成为]|换[成为]|(?:我|他|她)(?:老公|老婆|爸|妈|父亲|母亲|儿子|"
    r"女儿|先生|太太|"
    r"爱人|朋友|同事|孩子)(?:的?名字)?(?:叫|是)|(?:他|她|孩子|宝宝|人家)叫|"
    r"(?:抬头|写的|填的|写成|登记|绑定|实名|预留|转给|转账给|汇给|打给|付给|寄给|交给|通知|联系|麻烦找|我找|帮我找|"
    r"请转告?)(?:的)?(?:是|为|人是)?"
)
_WEAK_OPENING = (
    r"(?:您|你|请问|那边|这边|我|这里|这|还是|就是|可以)(?:就|便)?是|您好[,，]?\s?|你好[,，]?\s?|喂[,，]?\s?|"
    r"您是不是|(?:尊敬|亲爱)的|(?:客服|顾问|专员|管家|经理|坐席|话务员|同事|师傅|代表|助理|员)(?:是|叫)?"
)
_STAFF = (
    r"(?:我是|我叫|这里是)(?:您的|你的|本次)?(?:专属)?(?:客服|顾问|客户经理|专员|管家|坐席|理财经理|服务顾问|"
    r"助理)(?:代表|人员|专员)?"
)
_BEFORE_TITLE = r"(?:请问)?(?:您|你)?(?:好)?(?:请问)?(?:是|叫|找|就是|尊敬的|亲爱的|联系|好的|嗯)?"
_ASKED = re.compile(
    r"贵姓|尊姓|怎么称呼|如何称呼|(?:姓名|名字|收件人|收货人|联系人|机主|户主|户名|持卡人|投保人|被保险人|开户人|"
    r"预订人|乘机人|抬头)(?:[^，。,.！!？?\ue001]{0,14}(?:什么|谁|多少|哪|吗|呢|一下|报|提供|告诉|[?？])|[是叫]?(?=$|"
    r"\ue001))"
    r"|(?:报|说|提供|核实|核对|告诉我|念)(?:一?下)?(?:您|你)?的?(?:[\u4e00-\u9fff]{0,4})?(?:姓名|名字|全名)|叫什么|"
    r"您是哪位|哪位(?:找|在|[?？]|$)"
)
_ABOUT_SPELLING = re.compile(r"姓|叫|名字|姓名|称呼|哪个字|哪两个字|哪三个字|怎么写|什么字|收件人|联系人|抬头")
_REPLY_HEAD = r"^(?:[\s，,。.嗯呃啊哦唔好的行对是喂]|就?是|你?写|免贵|我姓|姓|我叫|叫|我是|本人|名字|我的|填|那个){0,6}"
_SPELLED_BY_WORD = re.compile(
    r"(?P<value>(?:就?是)?(?P<w>[\u4e00-\u9fff]{2,4})的(?:那个)?(?P<c>[\u4e00-\u9fff])(?:字)?)(?=[，,。.、；;\s？?！!吗吧呢对\ue000\ue001]|"
    r""
    r"$|[\u4e00-\u9fff]{2,4}的)"
)
_WHICH_CHARACTER = re.compile(r"哪个[\u4e00-\u9fff]{0,2}字|怎么写|哪个[张章李江姜]|姓")
_NO_SPELLING = re.compile(r"(?:就?是)?(?:该|能|要|想|可以|应|不|好|我|你|他|她|这|那|会|没)")
_RADICALS = (
    "三点水|两点水|双人旁|单人旁|草字头|宝盖头|竹字头|木字旁|金字旁|火字旁|女字旁|言字旁|王字旁|提手旁|走之底|走之旁|"
    "绞丝旁|单立人|双立人|四点底|日字旁|月字旁|雨字头|耳朵旁|双耳旁|左耳旁|右耳旁|口字旁|土字旁|足字旁|石字旁|米字旁|"
    "虫字旁|鸟字旁|马字旁|鱼字旁|穴宝盖|反犬旁|提土旁"
)
_OPENED = 1  # which of the patterns has words before that open a name


class ChineseNames:
    """The finder; patterns are made once from the lexicon."""

    def __init__(self) -> None:
        words = personal_lexicon().zh
        single = characters(words.surnames)
        self._surname = rf"(?:{alternatives(words.double_surnames)}|[{single}])"
        self._no_name = re.compile(alternatives(words.no_names))
        self._never = characters(words.never_given)
        self._given = characters(words.given)
        self._sounds = characters(words.sounds)
        self._spelled = alternatives(words.spelled)

    @cached_property
    def _strong(self) -> str:
        """A name where the words before say that one follows."""
        return (
            rf"(?:{self._surname}(?:(?![{self._never}])[\u4e00-\u9fff]){{1,2}}|"
            rf"[{self._sounds}]{{2,8}}(?:[·•・.]?[{self._sounds}]{{2,8}})?|"
            rf"[\u4e00-\u9fff]{{2,6}}[·•・][\u4e00-\u9fff]{{2,8}})"
        )

    @cached_property
    def _weak(self) -> str:
        """A name that only its characters show."""
        return rf"(?:{self._surname}[{self._given}]{{1,2}}|[{self._sounds}]{{3,8}})"

    @cached_property
    def _patterns(self) -> tuple[re.Pattern[str], ...]:
        surname, never, titles = self._surname, self._never, _TITLES
        return tuple(
            re.compile(pattern)
            for pattern in (
                rf"(?P<value>[{self._sounds}]{{2,8}}[·•・][{self._sounds}]{{1,8}})",
                rf"(?:{_OPENING})[\s，,]?(?P<value>{self._strong}){_END}",
                rf"(?:{_WEAK_OPENING})(?P<value>{self._weak}){_END}",
                # The longest that can be a name: 欧阳明先生, 王小明先生, 王明先生, 王先生.
                rf"(?<!谢)(?P<value>{surname}(?:(?![{never}])[{self._given}]){{1,2}}|{surname})(?=(?:{titles})(?!傅))",
                rf"(?:姓|免贵|我的姓是|姓氏是)\s?(?P<value>{surname})(?=谢谢|[^\u4e00-\u9fff]|$)",
                rf"(?:姓|免贵)\s?(?P<value>{surname}(?:(?![{never}]|谢谢|单名)[\u4e00-\u9fff]){{0,2}}){_END}",
                rf"姓(?P<value>[{self._sounds}]{{3,8}}){_END}",
                rf"姓{surname}[\s，,、。]{{0,2}}(?:(?:大|全|单)?名)?(?:就?叫|是)?\s?"
                rf"(?P<value>{self._strong}|[{self._given}]{{1,2}}){_END}",
                rf"(?:我|免贵|本人|机主|客户|他|她)姓(?P<value>{surname})",
                rf"哪个(?P<value>{surname})(?=字)",
                rf"(?<![\u4e00-\u9fff])(?P<value>{surname})(?=是?哪个字)",
                rf"(?:{_OPENING})\s?(?P<value>{self._weak})",
                rf"(?:{_STAFF})(?P<value>{self._strong}){_END}",
                rf"(?<![\u4e00-\u9fff])(?:{_BEFORE_TITLE})?(?P<value>{surname}(?:(?![{never}])[\u4e00-\u9fff]){{1,2}})(?=(?:先生|"
                rf""
                rf"女士|小姐|老师|同学)(?!傅))",
                rf"(?P<value>{self._weak})(?=收(?:[，。,\s\ue000\ue001]|$))",
                rf"(?P<value>[{self._sounds}]{{2,8}})(?=(?:{titles}))",
                rf"(?:我是|我叫|叫我|找|联系|客服|顾问|经理|管家|专员|这里是|我|师傅|同事|"
                rf"老师)(?P<value>[小老阿]{surname})(?=[\s，。,.！!？?、；;\ue000\ue001]|$|就行|就好|吧|为您|很高兴|"
                rf"竭诚|师傅|经理|老师|[，,]?工号)",
                rf"(?<![\u4e00-\u9fff])(?P<value>{self._weak})(?=[，,]?\s?(?:您好|你好|您的))",
                rf"(?P<value>(?:{self._spelled})(?:的那个|的)?|(?:{_RADICALS})(?:的|加|一个|右边|那个|"
                rf"个)*[\u4e00-\u9fff](?=[，,。.、；;\s？?！!吗吧呢\ue000\ue001]|$))",
                rf"(?P<value>{surname}(?:(?![{never}])[\u4e00-\u9fff]){{1,2}})(?=[，,]?\s?(?:是(?:您|你)?)?本人)",
            )
        )

    @cached_property
    def _after_of(self) -> re.Pattern[str]:
        """A surname as the last character of an explanation: 百家姓里的石."""
        return re.compile(
            rf"(?P<value>[\u4e00-\u9fff]{{1,5}}的{self._surname})(?=[，,。.、；;\s？?！!吗吧呢\ue000\ue001]|$)"
        )

    @cached_property
    def _reply(self) -> re.Pattern[str]:
        return re.compile(rf"{_REPLY_HEAD}(?P<value>{self._strong}|{self._surname}){_END}")

    @cached_property
    def _beside(self) -> tuple[re.Pattern[str], re.Pattern[str]]:
        name = rf"(?P<value>{self._weak}|{self._strong}(?=收))"
        return (
            re.compile(rf"(?:^|[\s，,；;:：、\ue000\ue001]){name}(?:收)?[\s，,；;:：、]{{0,3}}$"),
            re.compile(rf"[\s，,；;:：、]{{0,3}}{name}(?:收)?(?=[\s，,。；;:：、\ue000\ue001]|$)"),
        )

    def find(self, text: str) -> Iterator[Span]:
        """Yield the names in a text."""
        for number, pattern in enumerate(self._patterns):
            for match in pattern.finditer(text):
                start, end = match.span("value")
                if not self._is_ordinary(text, start, end, opened=number == _OPENED):
                    yield Span(start, end, Kind.NAME)
        for match in _SPELLED_BY_WORD.finditer(text):
            shown = match["w"].rfind(match["c"])
            # What comes before the word is no part of it: 名字是伟大的伟.
            start = match.start("w") + min(shown, len(match["w"]) - 2)
            if shown >= 0 and not _NO_SPELLING.match(text, start):
                around = text[max(0, match.start() - 60) : start] + text[match.end() : match.end() + 20]
                if _ABOUT_SPELLING.search(around):
                    yield Span(start, match.end("value"), Kind.NAME)
        for match in self._after_of.finditer(text):
            if _WHICH_CHARACTER.search(text, max(0, match.start() - 40), match.start()):
                yield Span(match.start("value"), match.end("value"), Kind.NAME)

    def find_reply(self, text: str, start: int, end: int) -> Iterator[Span]:
        """Yield the name that an utterance ``start:end`` gives when it answers a question for one."""
        match = self._reply.search(text[start:end])
        if match and not self._is_ordinary(match.string, *match.span("value"), opened=True):
            yield Span(start + match.start("value"), start + match.end("value"), Kind.NAME)

    def find_beside(self, text: str, span: Span) -> Iterator[Span]:
        """Yield names that stand with a telephone number or an address, as in what a parcel is sent by."""
        before, after = self._beside
        base = max(0, span.start - 12)
        for match, shift in (
            (before.search(text[base : span.start]), base),
            (after.match(text[span.end : span.end + 12]), span.end),
        ):
            if match and not self._is_ordinary(match.string, *match.span("value"), opened=True):
                yield Span(shift + match.start("value"), shift + match.end("value"), Kind.NAME)

    def _is_ordinary(self, text: str, start: int, end: int, *, opened: bool = False) -> bool:
        """Return whether a word that is no name begins here; after words that open a name it must be the whole."""
        if opened:
            return self._no_name.fullmatch(text, start, end) is not None
        if end - start == 1:
            before = text[max(0, start - 1) : end]
            return self._no_name.fullmatch(before) is not None
        return self._no_name.match(text, start) is not None


def questions_for_names(text: str) -> Iterator[int]:
    """Yield where a text asks for a name."""
    return (match.start() for match in _ASKED.finditer(text))
