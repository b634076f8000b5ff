"""Made-up personal data, as people write and say it."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from stdnum import luhn
from stdnum.cn import ric

SPOKEN_ZH = "零幺二三四五六七八九"
_KINDS = {
    "id": "id_card",
    "ssn": "id_card",
    "passport": "id_card",
    "card": "bank_card",
    "staff": "staff_id",
    "birth": "birth_date",
    "ip": "link",
    "zip": "address",
    "tail": "number",
    "number": "account",
}
_LONG_SURNAMES = ("欧阳", "诸葛", "司马", "上官")
SPOKEN_EN = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
SPELLED = {
    "张": ("弓长张",), "章": ("立早章",), "李": ("木子李",), "陈": ("耳东陈", "耳朵旁的陈"), "吴": ("口天吴",),
    "徐": ("双人徐",), "胡": ("古月胡",), "王": ("三横王", "大王的王"), "许": ("言午许",), "林": ("双木林",),
    "黄": ("草头黄", "黄色的黄"), "孙": ("子小孙",(
        "孙悟空的孙"
    )), "江": ("三点水的江",), "刘": ("文刀刘",), "杨": ("木易杨", "杨树的杨"),
    "赵": ("走肖赵",), "周": ("周全的周",(
        "周恩来的周"
    )), "高": ("高兴的高",), "宋": ("宋朝的宋",), "唐": ("唐朝的唐",), "韩": ("韩国的韩",),
    "冯": (
        "两点水的冯"
    , "马字旁的冯"), "邓": ("邓小平的邓",), "曹": ("曹操的曹",), "田": ("田地的田",), "叶": ("树叶的叶",),
}  # fmt: skip
_PLACES_ZH = {
    "dev": (
        "浙江省 杭州市 西湖区 文三路",
        "北京市 - 朝阳区 建国路",
        "广东省 深圳市 南山区 科技园南路",
        "- 上海市 浦东新区 世纪大道",
        "江苏省 南京市 鼓楼区 中山北路",
    ),
    "test": (
        "四川省 成都市 武侯区 人民南路",
        "- 重庆市 渝中区 解放碑步行街",
        "湖北省 武汉市 洪山区 珞喻路",
        "陕西省 西安市 雁塔区 小寨东路",
        "福建省 厦门市 思明区 湖滨南路",
    ),
}
_ESTATES = {
    "dev": ("阳光花园", "翠苑小区", "金地公寓", "和平新村"),
    "test": ("万科金域华府", "恒大绿洲小区", "城南家园", "书香苑"),
}
_VILLAGES = {"dev": "河南省新乡市封丘县王村乡张庄村3组", "test": "山东省临沂市沂南县大庄镇杨坡村二组"}
_STREETS = {
    "dev": ("Baker Street", "Maple Avenue", "Oak Drive", "Sunset Boulevard", "Fifth Avenue"),
    "test": ("Elm Road", "Washington Street", "Cedar Lane", "Park Place", "West 34th Street"),
}
_TOWNS = {
    "dev": (("Austin", "TX", "Texas"), ("Denver", "CO", "Colorado")),
    "test": (("Portland", "OR", "Oregon"), ("Grand Rapids", "MI", "Michigan")),
}
_MAILS = {"dev": ("gmail.com", "qq.com", "example.co.uk"), "test": ("hotmail.com", "163.com", "outlook.com")}
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


class Values:
    """Draws values of one conversation: a slot that is named twice has the same value."""

    def __init__(self, source: random.Random, language: str, half: str, names: Sequence[str]) -> None:
        self._random = source
        self._zh = language == "zh"
        self._half = half
        self._names = names
        self._drawn: dict[str, str] = {}

    def get(self, slot: str, form: str) -> tuple[str, str]:
        """Return the text of a slot in a form, and its kind ("" where it is no personal data)."""
        kind = re.sub(r"\d+$", "", slot)
        if kind in ("surname", "spelled"):
            name = self._value("name", "surnamed")
            surname = name[:2] if name[:2] in _LONG_SURNAMES else name[:1]
            if kind == "spelled":
                return self._random.choice(SPELLED.get(surname, (f"百家姓里的{surname}",))), "name"
            return surname, "name"
        value = self._value(slot, kind if kind not in ("account", "secret") else f"{kind}:{form}")
        return self._formed(value, kind, form), _KINDS.get(kind, kind)

    def _value(self, slot: str, kind: str) -> str:
        if slot not in self._drawn:
            self._drawn[slot] = getattr(self, "_" + kind.replace(":", "_").rstrip("_"))()
        return self._drawn[slot]

    def _digits(self, count: int) -> str:
        return "".join(self._random.choice("0123456789") for _ in range(count))

    def _name(self) -> str:
        return self._random.choice([name for name in self._names if name not in self._drawn.values()])

    def _surnamed(self) -> str:
        return self._random.choice(
            [name for name in self._names if len(name) <= 4 and (len(name) <= 3 or name[:2] in _LONG_SURNAMES)]
        )

    def _phone(self) -> str:
        if self._zh:
            return "1" + self._random.choice("3456789") + self._digits(9)
        return self._random.choice(("415", "212", "512", "303")) + self._random.choice("23456789") + self._digits(6)

    def _id(self) -> str:
        year, month, day = self._random.randint(950, 999), self._random.randint(1, 9), self._random.randint(10, 28)
        body = f"3301061{year:03d}0{month}{day}{self._digits(3)}"
        return body + ric.calc_check_digit(body + "0")

    def _ssn(self) -> str:
        return f"{self._random.randint(100, 665)}-{self._random.randint(10, 99)}-{self._random.randint(1000, 9999)}"

    def _card(self) -> str:
        body = ("622202" if self._zh else "4539") + self._digits(12 if self._zh else 11)
        return body + luhn.calc_check_digit(body)

    def _order(self) -> str:
        return self._random.choice((self._digits(12), "JD" + self._digits(10), f"A{self._digits(4)}-{self._digits(4)}"))

    def _email(self) -> str:
        word = self._random.choice(("lucky", "sunny", "redfox", "wang", "jsmith", "bluebird"))
        return f"{word}{self._digits(self._random.randint(2, 4))}@{self._random.choice(_MAILS[self._half])}"

    def _plate(self) -> str:
        return self._random.choice("京沪粤浙苏川") + self._random.choice("ABCDEFGH") + self._digits(5)

    def _secret(self) -> str:
        return self._digits(6 if self._random.random() < 0.6 else 4)

    def _secret_short(self) -> str:
        return self._digits(3)

    def _tail(self) -> str:
        return self._digits(4)

    def _account_wechat(self) -> str:
        words = (self._random.choice(("wx", "happy", "lee_", "m")), self._random.choice(("cat", "sky", "tea")))
        return "".join(words) + self._digits(4)

    def _account_qq(self) -> str:
        return self._random.choice("12345678") + self._digits(self._random.randint(7, 9))

    def _account_number(self) -> str:
        return self._random.choice((self._digits(10), "user" + self._digits(5)))

    def _account(self) -> str:
        return self._digits(10)

    def _number(self) -> str:
        return self._random.choice("123456789") + self._digits(7)

    def _passport(self) -> str:
        return self._random.choice("EGP") + self._digits(8)

    def _staff(self) -> str:
        return str(self._random.randint(100, 99999))

    def _zip(self) -> str:
        return self._random.choice((f"{self._random.randint(10000, 99999)}", "SW1A 1AA", "M4 5GH"))

    def _age(self) -> str:
        return str(self._random.randint(19, 88))

    def _link(self) -> str:
        return f"https://www.example.com/u?id={self._digits(7)}&token={self._digits(4)}ab"

    def _ip(self) -> str:
        return ".".join(str(self._random.randint(11, 223)) for _ in range(4))

    def _birth(self) -> str:
        year, month, day = self._random.randint(1940, 2004), self._random.randint(1, 12), self._random.randint(1, 28)
        if self._zh:
            spoken = "".join("零一二三四五六七八九"[int(digit)] for digit in str(year))
            return self._random.choice(
                (
                    f"{year}年{month}月{day}号",
                    f"{spoken}年{_tens(month)}月{_tens(day)}号",
                    f"{year}-{month:02d}-{day:02d}",
                )
            )
        name = _MONTHS[month - 1]
        return self._random.choice((f"{name} {day}, {year}", f"{day} {name} {year}", f"{month:02d}/{day:02d}/{year}"))

    def _address(self) -> str:
        draw = self._random
        if self._zh:
            if draw.random() < 0.1:
                return _VILLAGES[self._half]
            province, city, district, road = draw.choice(_PLACES_ZH[self._half]).replace("-", "").split(" ")
            head = draw.choice((province + city + district, city + district, district))
            house = draw.choice(
                (
                    f"{draw.randint(2, 20)}号楼{draw.randint(1, 6)}单元{draw.randint(101, 2802)}",
                    f"{draw.randint(2, 20)}栋{draw.randint(101, 2802)}室",
                    f"{draw.randint(2, 20)}幢{draw.randint(1, 4)}单元{draw.randint(101, 903)}室",
                )
            )
            return head + draw.choice(
                (
                    f"{road}{draw.randint(1, 999)}号",
                    f"{road}{draw.randint(1, 999)}号{draw.choice(_ESTATES[self._half])}{house}",
                    f"{draw.choice(_ESTATES[self._half])}{house}",
                )
            )
        town, short, state = draw.choice(_TOWNS[self._half])
        unit = draw.choice(
            (
                "",
                f", apartment {draw.randint(1, 40)}",
                f", Unit {draw.randint(1, 12)}B",
                f", Suite {draw.randint(100, 900)}",
            )
        )
        return f"{draw.randint(2, 9999)} {draw.choice(_STREETS[self._half])}{unit}" + draw.choice(
            ("", f", {town}, {short} {draw.randint(10000, 99999)}", f", {town}, {state}")
        )

    def _formed(self, value: str, kind: str, form: str) -> str:
        if kind == "name":
            return value if self._zh or not form else self._named(value, form)
        if kind == "address" and form:
            return _spoken_numbers(value) if form == "spoken" else value.lower().replace(",", "")
        if kind == "email" and form:
            return self._spoken_mail(value)
        if kind == "phone" and not form:
            return self._written_phone(value)
        return self._dictated(value, form)

    def _named(self, value: str, form: str) -> str:
        first, last = value.split(" ", 1)
        letters = self._random.choice((" ", "-", ", ")).join(last.upper().replace("'", ""))
        return {"first": first, "last": last, "spelled": letters}[form]

    def _parts(self, value: str) -> tuple[str, str, str]:
        first, second = (3, 7) if self._zh else (3, 6)
        return value[:first], value[first:second], value[second:]

    def _written_phone(self, value: str) -> str:
        parts = self._parts(value)
        if self._zh:
            return self._random.choice((value, " ".join(parts), "-".join(parts), "+86 " + value))
        with_area = f"({parts[0]}) {parts[1]}-{parts[2]}"
        return self._random.choice(("-".join(parts), with_area, value, f"+1 {' '.join(parts)}"))

    def _dictated(self, value: str, form: str) -> str:
        parts = self._parts(value)
        if form.startswith("part"):
            return self._said(parts[int(form[-1]) - 1])
        hum = self._random.choice(("，嗯，", "，呃，", "，那个，")) if self._zh else " um "
        forms = {
            "tail": lambda: value[-4:],
            "grouped": lambda: " ".join(value[place : place + 4] for place in range(0, len(value), 4)),
            "spoken": lambda: self._said(value),
            "double": lambda: f"{self._said(value[:-2])} double {SPOKEN_EN[int(value[-1])]}",
            "fillers": lambda: hum.join(self._said(part) for part in parts),
            "corrected": lambda: f"{self._said(parts[0] + parts[1][:2])}，不对，{self._said(value)}",
        }
        return forms[form]() if form in forms else value

    def _said(self, digits: str) -> str:
        if self._zh:
            return "".join(SPOKEN_ZH[int(digit)] if digit.isdigit() else digit for digit in digits)
        words = [SPOKEN_EN[int(digit)] for digit in digits]
        if self._random.random() < 0.3:
            words = ["oh" if word == "zero" else word for word in words]
        return " ".join(words)

    def _spoken_mail(self, value: str) -> str:
        local, host = value.split("@")
        if self._zh:
            return f"{local}艾特{host.replace('.', '点')}"
        return f"{local} at {host.replace('.', ' dot ')}"


def _tens(number: int) -> str:
    ones = "零一二三四五六七八九"
    if number < 10:
        return ones[number]
    head = "" if number < 20 else ones[number // 10]
    return f"{head}十{ones[number % 10] if number % 10 else ''}"


def _spoken_numbers(address: str) -> str:
    def spoken(found: re.Match[str]) -> str:
        number = int(found.group())
        return _tens(number) if number < 100 else "".join(SPOKEN_ZH[int(digit)] for digit in found.group())

    return re.sub(r"\d+", spoken, address)
