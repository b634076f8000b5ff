from __future__ import annotations

from pathlib import Path
from time import process_time
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.errors import ScorecardError
from qa_pipeline.scorecards import check_scorecard
from qa_pipeline.scorecards.script import CompiledScript, ScriptOptions, compile_script
from tests.qa_pipeline.detectors.scenes import judge, view

ZH = """# 长河宽带退订话术

一、开场
1. 您好，这里是【公司】，我是客服[姓名]，请问有什么可以帮您？（6分）
2. 坐席：请问您怎么称呼？
   或：“请问您贵姓？”

二、业务办理
3. 核实客户身份（10分）
   坐席：麻烦您提供一下身份证后四位
   客户：一二三四
   【操作】在系统中查询客户信息
4. 如果客户要求取消或退订：（15分）
   4.1 先安抚：“非常理解您的心情”
   4.2 坐席：我可以给您申请{优惠金额}的优惠（30秒内）
   4.3 （可选）坐席：您再考虑一下/您看可以吗
   4.4 坐席：已经为您办理退订
   否则：坐席：我帮您查询一下
5. 不得说“不知道”、“这不归我管”（红线）

三、结束
6. 询问客户是否还有其他问题
7. 必须说：感谢您的来电，祝您生活愉快！
8. 这个步骤写得很模糊
"""
EN = """Cancellation script

Opening:
1. "Thank you for calling <company>, my name is {name}." or "Welcome to [company], you are speaking with [name]."
2. Verify the customer's identity [action: pull up account]
Step 3: If the customer wants to cancel the order: (10 points)
  a) Agent: May I ask why you would like to cancel?
  b) Agent: I can offer you XX percent off (within 30 seconds)
  c) Agent: Your order has been cancelled
Otherwise: Agent: Let me look into that for you
4. Never say "I don't know" or "that's not my job" [critical]
5. (optional) Is there anything else I can help you with today?
6. *update the ticket*
7. Say goodbye
"""


def compiled(text: str, **options: Any) -> CompiledScript:
    return compile_script(text, ScriptOptions(**{"id": "mine", **options}))


def criteria(script: CompiledScript) -> dict[str, dict[str, Any]]:
    return {criterion["id"]: criterion for section in script.card["sections"] for criterion in section["criteria"]}


def became(script: CompiledScript) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for note in script.notes:
        found.setdefault(note.row, []).append(note.became)
    return found


def errors_of(script: CompiledScript, tmp_path: Path) -> list[str]:
    path = tmp_path / "card.yaml"
    path.write_text(yaml.safe_dump(dict(script.card), allow_unicode=True, sort_keys=False), encoding="utf-8")
    return [str(error) for error in check_scorecard(path)]


def test_a_chinese_script(tmp_path: Path) -> None:
    script = compiled(ZH)
    assert errors_of(script, tmp_path) == []
    assert script.card["name"]["zh"] == "长河宽带退订话术"
    assert script.card["language"] == "zh"
    assert [section["name"]["zh"] for section in script.card["sections"]] == ["开场", "业务办理", "结束"]
    found = criteria(script)
    assert {id: made["weight"] for id, made in found.items()} == {
        "line-4": 6.0,
        "line-5": 5.0,
        "line-9": 10.0,
        "line-13": 15.0,
        "line-19": 0.0,
        "line-22": 5.0,
        "line-23": 5.0,
    }
    assert found["line-4"]["check"]["all"] == [["您好，这里是[公司]"], ["我是客服[姓名]"], ["请问有什么可以帮您"]]
    assert found["line-5"]["check"] == {"detector": "phrase", "any": ["请问您怎么称呼", "请问您贵姓"]}
    assert found["line-9"]["check"] == {"detector": "phrase", "any": ["麻烦您提供一下身份证后四位"]}
    assert found["line-19"]["check"] == {"detector": "phrase", "none": ["不知道", "这不归我管"]}
    assert found["line-19"]["fatal"] is True
    assert found["line-22"]["check"] == {"detector": "move", "move": "further_help"}
    (branch,) = found["line-13"]["check"]["steps"]
    assert branch["when"]["check"]["any"] == ["取消", "退订"]
    assert branch["when"]["check"]["role"] == "customer"
    assert [step["any"][0] for step in branch["then"]] == [
        "非常理解您的心情",
        "我可以给您申请[优惠金额]的优惠",
        "您再考虑一下",
        "已经为您办理退订",
    ]
    assert [step.get("within_s") for step in branch["then"]] == [None, 30.0, None, None]
    assert [step.get("optional", False) for step in branch["then"]] == [False, False, True, False]
    assert branch["otherwise"][0]["any"] == ["我帮您查询一下"]


def test_an_english_script(tmp_path: Path) -> None:
    script = compiled(EN)
    assert errors_of(script, tmp_path) == []
    assert script.card["language"] == "en"
    assert script.card["name"]["en"] == "Cancellation script"
    found = criteria(script)
    assert list(found) == ["line-4", "line-5", "line-6", "line-11", "line-12", "line-14"]
    first, second = found["line-4"]["check"]["checks"]
    assert first["all"] == [["Thank you for calling [company]"], ["my name is [name]"]]
    assert second["any"] == ["Welcome to [company], you are speaking with [name]"]
    assert found["line-5"]["check"]["move"] == "identity_check"
    (branch,) = found["line-6"]["check"]["steps"]
    assert branch["when"]["check"]["any"] == ["{cancel|cancelled|canceled|cancelling|canceling|cancellation}"]
    assert branch["then"][1]["any"] == ["I can offer you […] percent off"]
    assert branch["otherwise"][0]["any"] == ["Let me look into that for you"]
    assert found["line-11"]["check"]["none"] == [
        "I don't know",
        "I do not know",
        "that's not my job",
        "that is not my job",
    ]
    assert found["line-12"]["weight"] == 0.0
    assert found["line-14"]["check"]["move"] == "closing"


@pytest.mark.parametrize("text", [ZH, EN])
def test_every_line_is_told_what_became_of_it(text: str) -> None:
    script = compiled(text)
    written = {row for row, line in enumerate(text.splitlines(), 1) if line.strip()}
    assert set(became(script)) == written


def test_what_became_of_the_lines() -> None:
    script = compiled(ZH)
    found = became(script)
    assert found[1] == ["name"]
    assert found[3] == ["section"]
    assert found[6] == ["wording"]
    assert found[11] == ["customer"]
    assert found[12] == ["action"]
    assert found[13] == ["branch"]
    assert [note.row for note in script.warnings] == [24]


def test_the_compiled_flow_judges_a_contact() -> None:
    check = criteria(compiled(ZH))["line-13"]["check"]
    done = [
        "customer: 我要退订",
        "agent: 非常理解您的心情",
        "agent: 我可以给您申请50元的优惠",
        "agent: 已经为您办理退订",
    ]
    assert judge(view(done), check).outcome is Outcome.MET
    missing = judge(view([done[0], done[1], done[3]]), check)
    assert missing.outcome is Outcome.PARTLY_MET  # two of three steps
    assert missing.reason.params["example"] == "我可以给您申请{优惠金额}的优惠"
    assert judge(view(["customer: 查话费", "agent: 我帮您查询一下"]), check).outcome is Outcome.MET


@pytest.mark.parametrize(
    ("text", "check"),
    [
        ("1. 坐席：请稍等（5分）", {"detector": "phrase", "any": ["请稍等"]}),
        ("（1）“您好/你好”", {"detector": "phrase", "any": ["您好", "你好"]}),
        ("① 客服：您好（可选：女士/先生），请稍等", {"detector": "phrase", "any": ["您好({女士|先生})，请稍等"]}),
        ("- Agent: Hold {on|the line} please", {"detector": "phrase", "any": ["Hold {on|the line} please"]}),
        ("Step 1: 3秒内应答客户", {"detector": "measure", "measure": "first_agent_speech_s", "met": {"at_most": 3.0}}),
        ("1. 坐席：您好，欢迎致电（十秒内）", {"detector": "phrase", "any": ["您好，欢迎致电"], "within_s": 10.0}),
        ("1、 禁止说：不知道、没办法", {"detector": "phrase", "none": ["不知道", "没办法"]}),
        ("3) 工号____为您服务，请讲", {"detector": "phrase", "any": ["工号[…]为您服务，请讲"]}),
        ("2. 坐席：您的预约是某某时间", {"detector": "phrase", "any": ["您的预约是[…]时间"]}),
    ],
)
def test_one_line(text: str, check: dict[str, Any]) -> None:
    (made,) = criteria(compiled(text)).values()
    assert made["check"] == check


def test_steps_below_a_title_are_a_flow() -> None:
    script = compiled("1. 挽留流程\n   (1) 坐席：请问为什么取消\n   (2) 坐席：给您一张优惠券\n")
    (made,) = criteria(script).values()
    assert [step["any"] for step in made["check"]["steps"]] == [["请问为什么取消"], ["给您一张优惠券"]]


def test_a_list_below_an_if_without_a_number() -> None:
    script = compiled("1. 坐席：您好请讲\n若客户要求投诉：\n1. 坐席：非常抱歉\n2. 坐席：我为您登记\n")
    flow = criteria(script)["line-2"]["check"]
    assert len(flow["steps"][0]["then"]) == 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n\n",
        "----\n```\n",
        "这是一段没有话术的说明文字",
        "1. ",
        "如果客户：",
        "否则：您好",
        "x" * 10_000,
        "1. " + "您" * 10_000,
    ],
)
def test_a_script_without_a_line_to_check_is_refused(text: str) -> None:
    with pytest.raises(ScorecardError, match="no line that can be checked"):
        compiled(text)


def test_an_overlong_line_is_told_and_the_rest_compiled() -> None:
    script = compiled("1. 坐席：您好\n2. " + "您好，" * 4_000)
    assert list(criteria(script)) == ["line-1"]
    assert [note.row for note in script.warnings] == [2]


PIECES = st.sampled_from(
    [
        *'1.（）()[]{}|【】<>“”"/*#，。：:_、',
        *["\t您好\t", "|", "★ ", "四、禁用语\n", "序号\t标准话术\t分值\n", "客户不方便："],
        *["1. ", "2、", "一、", "(1) ", "① ", "- ", "Step 1: ", "2.1 ", "   ", "\n", "\n", "\t", "## "],
        *[
            "坐席：",
            "客户：",
            "Agent: ",
            "Customer: ",
            "如果客户要求取消：",
            "If the customer wants to cancel, ",
            "否则：",
        ],
        *[
            "Otherwise: ",
            "不得说",
            "Never say ",
            "必须说：",
            "（5分）",
            "(5 points)",
            "（红线）",
            "（可选）",
            "（操作：查询）",
        ],
        *[
            "3秒内",
            "（10秒内）",
            "XX",
            "某某",
            "您好",
            "请稍等",
            "thank you",
            "goodbye",
            "取消",
            "我",
            "或",
            " or ",
            "或：",
        ],
    ]
)


def test_a_heading_that_names_a_speaker_alone_stands_above_its_lines(tmp_path: Path) -> None:
    script = compiled("## 坐席：\n- 您好，很高兴为您服务\n")
    assert errors_of(script, tmp_path) == []
    (section,) = script.card["sections"]
    assert [criterion["check"]["any"] for criterion in section["criteria"]] == [["您好，很高兴为您服务"]]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.lists(PIECES, max_size=40).map("".join))
def test_what_compiles_is_always_a_card_in_order(text: str, tmp_path: Path) -> None:
    try:
        script = compiled(text)
    except ScorecardError:
        return
    assert errors_of(script, tmp_path) == []


@pytest.mark.parametrize(
    "line",
    [
        "（" * 1900,
        "“" * 1900,
        "[a]" * 600,
        "{a|b}" * 400,
        "您好/" * 600,
        "(可选：" * 400,
        "如果客户" * 450,
        "*a " * 600,
        "a：" * 900,
        "客户不" * 600,
        "您\t" * 900,
        "|" * 1900,
        "a/b" * 600,
        "3秒内" * 600,
    ],
)
def test_hostile_lines_take_no_time(line: str) -> None:
    start = process_time()
    compiled("1. 坐席：您好\n" + f"2. {line}\n" * 20)
    assert process_time() - start < 5.0
