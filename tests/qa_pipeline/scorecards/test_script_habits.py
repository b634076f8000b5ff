"""Habits of people who write scripts: tables, lists of forbidden words, labels, signs of word processors."""

from __future__ import annotations

from typing import Any

import pytest

from qa_pipeline.domain.inspection import Outcome
from tests.qa_pipeline.detectors.scenes import judge, view
from tests.qa_pipeline.scorecards.test_script import became, compiled, criteria


def checks(text: str) -> list[dict[str, Any]]:
    return [made["check"] for made in criteria(compiled(text)).values()]


@pytest.mark.parametrize(
    "text",
    [
        "一、开场\n1. 坐席：您好请讲\n四、禁用语\n（1）“不知道”\n（2） “这不归我管”\n",
        "## 开场\n1. 坐席：您好请讲\n## 服务禁语\n- 不知道\n- 这不归我管\n",
        "1. 坐席：您好请讲\n2. 禁止：\n   - 不知道\n   - “这不归我管”\n3. 坐席：感谢您的来电\n",
        "1. 坐席：您好请讲\n2. 不得说：\n   （1）不知道\n   （2）这不归我管\n",
    ],
)
def test_words_below_a_heading_that_forbids_must_not_be_said(text: str) -> None:
    found = [check["none"] for check in checks(text) if "none" in check]
    assert found == [["不知道"], ["这不归我管"]]
    wanted = [phrase for check in checks(text) for phrase in check.get("any", ())]
    assert "不知道" not in wanted
    assert "您好请讲" in wanted


def test_a_forbidding_number_ends_at_the_next_number() -> None:
    script = compiled(
        '**5. Do not**\n- Say "whatever"\n- Don\'t say "calm down" [critical]\n\n**6. Closing**\n"Goodbye then"\n'
    )
    first, second, third = criteria(script).values()
    assert first["check"]["none"] == ["whatever"]
    assert second["check"]["none"] == ["calm down"]
    assert second["fatal"] is True
    assert third["check"]["any"] == ["Goodbye then"]


def test_what_is_forbidden_without_words_is_told() -> None:
    script = compiled("1. 坐席：您好请讲\n2. 不得与银行存款、理财产品作比较\n3. Don't argue with the customer\n")
    assert [note.row for note in script.warnings] == [2, 3]
    assert list(criteria(script)) == ["line-1"]


def test_forbidden_short_forms_are_forbidden_written_out() -> None:
    (check,) = checks("1. Never say “You'll get it today” or “I can't help”\n")
    assert judge(view(["agent: you will get it today"]), check).outcome is Outcome.NOT_MET
    assert judge(view(["agent: sorry, I cannot help"]), check).outcome is Outcome.NOT_MET
    assert judge(view(["agent: you will get it on Friday"]), check).outcome is Outcome.MET


def test_a_table_from_a_word_processor() -> None:
    script = compiled(
        "\ufeff附件２：服务用语\n序号\t环节\t标准话术\t分值\n"
        "１\t开场\t您好，欢迎致电××供电公司\t５分\n２\t核对\t请问您的户号是多少？／请您提供一下户号。\t10\n"
    )
    assert script.card["name"]["zh"] == "附件2：服务用语"
    first, second = criteria(script).values()
    assert first["check"] == {"detector": "phrase", "any": ["您好，欢迎致电[…]供电公司"]}
    assert first["weight"] == 5.0
    assert second["check"]["any"] == ["请问您的户号是多少", "请您提供一下户号"]
    assert second["weight"] == 10.0
    assert set(became(script)) == {1, 2, 3, 4}


def test_a_markdown_table() -> None:
    script = compiled(
        "# Calls\n| Step | Script | Points |\n|---|---|---|\n"
        "| 1 | Thank you for calling | 5 |\n| 2 | Goodbye then | 10 |\n"
    )
    first, second = criteria(script).values()
    assert (first["check"]["any"], first["weight"]) == (["Thank you for calling"], 5.0)
    assert (second["check"]["any"], second["weight"]) == (["Goodbye then"], 10.0)


def test_a_list_whose_numbers_are_parted_by_tabs() -> None:
    assert checks("1.\t坐席：您好请讲\n•\t坐席：感谢您的来电\n")[0]["steps"][0]["any"] == ["您好请讲"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("（2）提供方案：您看可以先还最低还款额吗？", ["您看可以先还最低还款额吗"]),
        ("1. Ask for the reason: May I ask what was wrong?", ["May I ask what was wrong"]),
        ("2. 必须告知：本次通话全程录音", ["本次通话全程录音"]),
        ("2. 必须说明：“等待期为30天”，等待期内出险不予赔付", ["等待期为30天"]),
        ("1、您好，请问是【客户姓名】先生/女士吗？", ["您好，请问是[客户姓名]{先生|女士}吗"]),
        ("1) Good morning/afternoon, how are you", ["Good {morning|afternoon}", "how are you"]),
        ("★ 坐席：您好请讲（必说，10分）", ["您好请讲"]),
    ],
)
def test_what_is_said_in_a_line(line: str, said: list[str]) -> None:
    (check,) = checks(line)
    assert check == {"detector": "phrase", "any": said} or check["all"] == [[phrase] for phrase in said]


def test_plain_headings_part_a_script() -> None:
    script = compiled(
        "Hotline\n\nOpening\n1) How may I help you?\n2) May I take your number?\n\nClosing\n3) Thank you for calling.\n"
    )
    assert [section["name"]["en"] for section in script.card["sections"]] == ["Opening", "Closing"]
    assert len(criteria(script)) == 3


def test_points_and_times_of_a_title_hold_for_the_words_below() -> None:
    first, second = criteria(
        compiled(
            '1. Opening (within 15 seconds)\n"Thank you for calling us" (4 points)\n'
            '2. Check\n- "Your order number, please" (3 points)\n- "And your postcode, please" (2 points)\n'
        )
    ).values()
    assert first["check"]["within_s"] == 15.0
    assert first["weight"] == 4.0
    assert second["weight"] == 5.0  # 3 + 2


def test_otherwise_answers_the_if_as_far_in() -> None:
    (flow,) = checks(
        "If the customer wants a refund:\n"
        '  - If the customer changed their mind: "You can return it"\n'
        '  - "Your refund will be processed"\n'
        'Otherwise: "Let me look into that"\n'
    )
    (branch,) = flow["steps"]
    assert branch["otherwise"][0]["any"] == ["Let me look into that"]
    assert "otherwise" not in branch["then"][0]


def test_a_number_that_goes_on_is_not_below_an_if() -> None:
    script = compiled(
        "7. 如果客户没钱：\n（1）坐席：我理解您\n如果客户要投诉：\n"
        "（1）坐席：非常抱歉\n（2）坐席：我帮您登记\n8. 坐席：感谢您的接听\n"
    )
    assert list(criteria(script)) == ["line-1", "line-3", "line-6"]


def test_a_party_that_does_something_is_a_branch() -> None:
    (flow,) = checks("2. 坐席：请问您方便接听吗\n   - 客户不方便：“那我晚点再联系您”\n")
    step, branch = flow["steps"]
    assert step["any"] == ["请问您方便接听吗"]
    assert branch["when"]["check"]["any"] == ["不方便"]


@pytest.mark.parametrize(
    "condition", ["如果客户情绪激动", "若客户明确拒绝", "If the customer is angry", "If the customer agrees"]
)
def test_a_mood_or_a_yes_is_not_recognised_by_its_name(condition: str) -> None:
    script = compiled(f"1. 坐席：您好请讲\n2. {condition}：\n   坐席：非常抱歉\n   否则：坐席：请您稍等\n")
    assert list(criteria(script)) == ["line-1"]
    assert [note.row for note in script.warnings] == [2, 3, 4]


BRANCH = "1. {condition}:\n   Agent: 好的 thank you so much\n"


@pytest.mark.parametrize(
    ("condition", "said", "taken"),
    [
        ("如果客户要取消订单", "我不想要了，帮我取消", True),
        ("如果客户要取消订单", "取消订单吧", True),
        ("如果客户要取消订单", "这个订单能不能取消掉", True),
        ("如果客户要取消订单", "我不取消，就是问问", False),
        ("如果客户要取消订单", "我的订单到哪了", False),
        ("如果客户要求查询余额", "查一下我的余额，查询余额", True),
        ("如果客户要求查询余额", "我卡里余额帮我查询一下", True),
        ("如果客户要求查询余额", "帮我查询流量", False),
        ("如果客户表示暂时没钱", "最近真的没有钱", True),
        ("如果客户觉得太贵", "这么贵啊", True),
        ("如果客户承诺还款", "我明天还款", True),
        ("If the customer wants to cancel the order", "can you cancel it please", True),
        ("If the customer wants to cancel the order", "I'd like my order cancelled", True),
        ("If the customer wants to cancel the order", "I don't want to cancel, just asking", False),
        ("If the customer wants to cancel the order", "where is my order", False),
        ("If the customer wants to speak to a manager", "let me talk to your supervisor", True),
        ("If the customer wants to speak to a manager", "get me a manager I can speak with", True),
        ("If the customer wants to speak to a manager", "I'll speak to my wife", False),
        ("If the customer says it arrived damaged", "the lamp arrived completely damaged", True),
        ("If the customer wants a refund", "I want my money back", True),
    ],
)
def test_a_branch_is_taken_by_what_customers_ordinarily_say(condition: str, said: str, taken: bool) -> None:
    (check,) = checks(BRANCH.format(condition=condition))
    contact = view([f"customer: {said}", "agent: 好的 thank you so much"])
    assert judge(contact, check).outcome is (Outcome.MET if taken else Outcome.NOT_APPLICABLE)
