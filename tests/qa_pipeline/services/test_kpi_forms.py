"""Tickets, surveys, orders, shifts and calls as people export them, with figures counted by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.utils.datetime import from_excel

from qa_pipeline.errors import TableError
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.kpi.forms import Form, form_words
from qa_pipeline.services.kpi_import import import_kpis
from qa_pipeline.store import Store, open_store
from tests.conftest import ZONE
from tests.qa_pipeline.services.kpi_tables import NOW, figures, records, refused, write


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path / 'kpi.db'}", ZONE)
    yield opened
    opened.close()


TICKETS = """\
工单编号,处理人,创建时间,首次响应时间,解决时间,工单状态,重开次数,问题分类,客户编号,是否超时,满意度
T1,A1,2026-10-01 09:00,2026-10-01 10:00,2026-10-01 13:00,已解决,0,宽带故障,C1,否,5
T2,A1,2026-10-02 09:00,2026-10-03 10:00,2026-10-02 11:00,已解决,1,账单,C2,是,2
T3,A1,2026-10-05 09:00,,,处理中,,宽带故障,C1,,
T4,A1,2026-10-20,2026-10-20 09:30,2026-10-21,已关闭,0,账单,C3,否,
T5,A1,2026-10-30 09:00,,,待处理,,账单,C4,,
T6,A1,2026-10-08 10:00,2026-10-08 10:05,,已取消,,账单,C5,,
"""


def test_tickets(kept: Store, tmp_path: Path) -> None:
    result = import_kpis(kept, write(tmp_path, TICKETS), now=NOW)
    assert (result.form, refused(result), list(result.ignored_columns)) == (Form.TICKETS, [], [])
    assert figures(kept) == {
        "resolution_rate": (0.6, 5),  # T1, T2, T4 of five; T6 was cancelled
        # T1 1 h and T4 9.5 h yes, T2 25 h no, T3 open for weeks no; T5 is less than a day old when the export ends
        "response_within_24h": (0.5, 4),
        "ticket_handle_time": (10.0, 3),  # 4, 2 and 24 h
        "fault_repair_time": (4.0, 1),
        # T1 came again after 4 days, T2 was reopened, T3 is open, T4 holds; a week after T5 is not over
        "first_contact_resolution": (0.25, 4),
        "repeat_contact_rate": (0.25, 4),
        "sla_attainment": (pytest.approx(2 / 3, abs=1e-6), 3),
        "csat": (0.5, 2),
        "satisfaction_rating": (3.5, 2),
    }
    # sd of 4, 2, 24: squares 36 + 64 + 196 = 296, / 2 = 148
    assert records(kept)["A1", "ticket_handle_time"].sd == pytest.approx(148**0.5)
    assert [note.params["count"] for note in result.notes] == [1]
    assert import_kpis(kept, tmp_path / "table.csv", now=NOW).unchanged_count == 9


def test_tickets_without_state_or_customer(kept: Store, tmp_path: Path) -> None:
    text = (
        "Ticket ID,Assignee,Created At,Closed At,Reopened\n"
        "1,A1,2026-10-01,2026-10-02,N\n2,A1,2026-10-01,,N\n3,A1,2026-10-01,2026-10-03,Y\n"
    )
    assert refused(import_kpis(kept, write(tmp_path, text), now=NOW)) == []
    assert figures(kept) == {
        "resolution_rate": (0.666667, 3),
        "ticket_handle_time": (36.0, 2),
        "first_contact_resolution": (0.333333, 3),
    }


@pytest.mark.parametrize(
    ("cells", "field", "words"),
    [
        ("1,A1,2026-10-02 09:00,2026-10-01 09:00,resolved", "Resolved At", "before the start"),
        ("1,A1,,2026-10-01 09:00,resolved", "Created At", "date is missing"),
        ("1,A1,2026-02-30,,open", "Created At", "does not exist"),
        ("1,A1,2026-12-24,,open", "Created At", "future"),
        ("1,A1,1926-10-01,,open", "Created At", "too far"),
        ("1,,2026-10-01,,open", "Assignee", "missing"),
        ("1,Total,2026-10-01,,open", "Assignee", "totals"),
    ],
)
def test_a_wrong_cell_refuses_its_row_alone(kept: Store, tmp_path: Path, cells: str, field: str, words: str) -> None:
    text = f"Ticket ID,Assignee,Created At,Resolved At,Status\n{cells}\n2,A1,2026-10-01,2026-10-02,resolved\n"
    result = import_kpis(kept, write(tmp_path, text), now=NOW)
    assert refused(result) == [(2, field)]
    assert words in result.rejected[0].render()
    assert result.rejected[0].render_hint()
    assert figures(kept)["resolution_rate"] == (1.0, 1)


def test_an_unknown_state_is_refused_where_nothing_else_tells_it(kept: Store, tmp_path: Path) -> None:
    text = "Ticket ID,Assignee,Created At,Status\n1,A1,2026-10-01,limbo\n2,A1,2026-10-01,solved\n"
    assert refused(import_kpis(kept, write(tmp_path, text), now=NOW)) == [(2, "Status")]
    text = "Ticket ID,Assignee,Created At,Status,Closed At\n1,A2,2026-10-01,limbo,2026-10-02\n"
    assert refused(import_kpis(kept, write(tmp_path, text), now=NOW)) == []
    assert figures(kept, "A2")["resolution_rate"] == (1.0, 1)


SURVEYS = """\
Agent ID,Response ID,Response Date,Satisfaction,NPS,Overall Satisfaction,Versus Expectations,Versus Ideal
A1,1,2026-10-03,5,10,9,8,6
A1,2,2026-10-04,３,6,4,4,
A1,3,2026-10-05,满意,8,1,1,1
A1,4,,,,,,
A1,5,2026-10-06,,9,,,
"""


def test_surveys(kept: Store, tmp_path: Path) -> None:
    result = import_kpis(kept, write(tmp_path, SURVEYS), now=NOW)
    assert (result.form, refused(result)) == (Form.SURVEYS, [])
    assert figures(kept) == {
        "csat": (0.666667, 3),  # 5, 3 and 4
        "satisfaction_rating": (4.0, 3),
        "nps": (25.0, 4),  # 10 and 9 promote, 6 detracts, 8 is neither: (2 - 1) / 4
        # (8 + 7 + 5) / 27 x 100 and 0; the second lacks an answer
        "satisfaction_index": (37.037037, 2),
    }
    # 100, -100, 0, 100: mean 25, squares 5625 + 15625 + 625 + 5625 = 27500, / 3
    assert records(kept)["A1", "nps"].sd == pytest.approx((27500 / 3) ** 0.5)
    assert [note.params for note in result.notes] == [{"answered": 4, "sent": 5, "share": "80"}, {"count": 1}]


def test_weights_and_scales_come_from_a_mapping(kept: Store, tmp_path: Path) -> None:
    mapping = write(
        tmp_path,
        "form: surveys\ncolumns:\n  Q0: {field: rating, scale: 1-10}\n  Q1: {field: overall, weight: 0.5}\n"
        "  Q2: {field: expectations, weight: 0.25}\n  Q3: {field: ideal, weight: 0.25, scale: 1-5}\n",
        "mapping.yaml",
    )
    text = "agent,日期,Q0,Q1,Q2,Q3\nA1,2026-10-01,8,10,1,3\n"
    import_kpis(kept, write(tmp_path, text), mapping=mapping, now=NOW)
    # .5 x 100 + .25 x 0 + .25 x 50
    assert figures(kept)["satisfaction_index"] == (62.5, 1)
    assert figures(kept)["csat"] == (1.0, 1)


def test_a_scale_in_each_row(kept: Store, tmp_path: Path) -> None:
    text = "客服,评价编号,评价时间,评分,分制\nA1,1,2026-10-01,8,1-10\nA1,2,2026-10-01,3,5分制\nA1,3,2026-10-01,3,ten\n"
    result = import_kpis(kept, write(tmp_path, text), now=NOW)
    assert refused(result) == [(4, "分制")]
    assert figures(kept)["csat"] == (0.5, 2)


@pytest.mark.parametrize("answer", ["11", "-1", "7.5"])
def test_recommendations_are_whole_numbers_to_ten(kept: Store, tmp_path: Path, answer: str) -> None:
    text = f"Agent ID,Response ID,Response Date,NPS\nA1,1,2026-10-03,{answer}\nA1,2,2026-10-03,0\n"
    assert refused(import_kpis(kept, write(tmp_path, text), now=NOW)) == [(2, "NPS")]
    assert figures(kept) == {"nps": (-100.0, 1)}


ORDERS = """\
接待客服,订单编号,买家会员名,下单时间,付款时间,实付金额,订单状态
A1,1,张三,2026-10-01 10:00,2026-10-01 10:05,"1,200.00",交易成功
A1,2,张三,2026-10-01 11:00,2026-10-01 11:05,¥300,已发货
A1,3,李四,2026-10-02 10:00,,500,待付款
A1,4,王五,2026-10-03 10:00,2026-10-03 10:01,400,已退款
A1,5,赵六,2026-10-04 10:00,2026-10-04 10:01,100,异常
A1,6,钱七,2026-10-05 10:00,,50,已取消
A2,7,孙八,2026-10-05 10:00,,80,待付款
"""


def test_orders(kept: Store, tmp_path: Path) -> None:
    result = import_kpis(kept, write(tmp_path, ORDERS), now=NOW)
    assert (result.form, refused(result)) == (Form.ORDERS, [])
    assert figures(kept) == {
        "order_amount": (1500.0, 2),
        "average_order_value": (1500.0, 1),  # one customer on one day
        "valid_order_share": (0.333333, 6),
        "abnormal_order_share": (0.166667, 6),
        "payment_rate": (0.666667, 6),
        "refund_rate": (0.25, 4),
    }
    assert records(kept)["A1", "order_amount"].sd is None
    # Of A2 no order was paid: there is no refund rate, and it is said.
    assert set(figures(kept, "A2")) == {"valid_order_share", "abnormal_order_share", "payment_rate"}
    assert result.without_value == {"average_order_value": 1, "order_amount": 1, "refund_rate": 1}


def test_enquiries_with_and_without_an_order(kept: Store, tmp_path: Path) -> None:
    text = (
        "客服,访客ID,咨询时间,订单编号,订单金额\nA1,V1,2026-10-01,,\nA1,V1,2026-10-01,9001,99\n"
        "A1,V2,2026-10-01,,\nA1,V3,2026-10-02,9002,101\nA1,,2026-10-02,,\nA1,V4,2026-10-02,9003,-5\n"
    )
    result = import_kpis(kept, write(tmp_path, text), form=Form.ORDERS, now=NOW)
    assert refused(result) == [(6, "订单编号"), (7, "订单金额")]
    # V1 and V3 of three ordered
    assert figures(kept)["enquiry_conversion"] == (0.666667, 3)
    assert figures(kept)["order_amount"] == (200.0, 2)


SHIFTS = """\
工号,日期,班次,考勤状态,计划工时,实际工时,迟到分钟
A1,2026/10/1,早班,正常,8,8,0
A1,2026/10/2,早班,迟到,8,7.5,30
A1,2026/10/3,早班,旷工,8,0,
A1,2026/10/4,早班,年假,8,0,
A1,2026/10/5,,休息,0,0,
A1,2026/10/6,早班,早退,8,4,0
A1,2026/10/6,晚班,,4,5,0
A1,2026/10/7,早班,神游,8,8,0
A1,2026/10/8,早班,正常,30,8,0
A1,2026/10/9,早班,正常,-8,8,0
A1,2026/10/10,早班,,,,
"""


def test_shifts(kept: Store, tmp_path: Path) -> None:
    result = import_kpis(kept, write(tmp_path, SHIFTS), now=NOW)
    assert result.form is Form.ATTENDANCE
    assert refused(result) == [(9, "考勤状态"), (10, "计划工时"), (11, "计划工时"), (12, "考勤状态")]
    assert figures(kept) == {
        "attendance_rate": (0.6875, 5),  # 1, 7.5/8, 0, 4/8 and 1 (worked more than planned)
        "punctuality_rate": (0.75, 4),
    }


def test_presence_alone_does_not_tell_of_punctuality(kept: Store, tmp_path: Path) -> None:
    import_kpis(kept, write(tmp_path, "工号,日期,出勤状态\nA1,2026-10-01,出勤\nA1,2026-10-02,缺勤\n"), now=NOW)
    assert figures(kept) == {"attendance_rate": (0.5, 2)}


CALLS = """\
Call ID,Agent,Start Time,Answered,Talk Time,Caller
1,A1,2026-10-01 10:00,Y,60,1380001
2,A2,2026-10-03 10:00,Y,60,1380001
3,A1,2026-10-12 10:00,Y,60,1380001
4,A1,2026-10-15 10:00,N,,1380001
5,A1,2026-10-31 10:00,Y,60,1380002
"""


def test_a_repeated_call_counts_for_who_took_the_earlier_one(kept: Store, tmp_path: Path) -> None:
    result = import_kpis(kept, write(tmp_path, CALLS), now=NOW)
    # Call 1 is followed by 2 within a week; after 3 the caller tried, but spoke to nobody; a week after 5 is not over.
    assert figures(kept)["repeat_contact_rate"] == (0.5, 2)
    assert figures(kept, "A2")["repeat_contact_rate"] == (0.0, 1)
    assert [note.params["count"] for note in result.notes] == [1]


def test_a_share_of_few_rows_can_be_anything(kept: Store, tmp_path: Path) -> None:
    text = "\n".join(CALLS.splitlines()[:3]) + "\n9,A3,2026-10-30 10:00,Y,60,9\n"
    assert refused(import_kpis(kept, write(tmp_path, text), now=NOW)) == []
    assert figures(kept)["repeat_contact_rate"] == (1.0, 1)


def test_a_value_that_cannot_be_is_refused_though_each_row_can(kept: Store, tmp_path: Path) -> None:
    text = "客服,订单编号,下单时间,实付金额,付款时间\n" + "".join(
        f"A1,{number},2026-10-01,{amount},2026-10-02\n" for number, amount in ((1, 999999999), (2, 10))
    )
    result = import_kpis(kept, write(tmp_path, text), now=NOW)
    # Together 1,000,000,009 in a month, and the mean of the two is half of that.
    assert refused(result) == [(2, "average_order_value"), (2, "order_amount")]
    assert set(figures(kept)) == {"valid_order_share", "payment_rate"}


def test_times_of_an_export_in_another_zone(kept: Store, tmp_path: Path) -> None:
    # 18:00 UTC on the last of September is 02:00 on the first of October in Shanghai.
    text = "id,assignee_id,created_at,status\n1,A1,2026-09-30 18:00,solved\n"
    import_kpis(kept, write(tmp_path, text), mapping="tickets-utc", now=NOW)
    assert {one.period for one in records(kept).values()} == {"2026-10"}


def test_days_as_excel_counts_them(kept: Store, tmp_path: Path) -> None:
    # 1 October 2026 is day 46296 of Excel; half a day is noon. 4 h until 16:00.
    text = "Ticket ID,Assignee,Created At,Closed At\n1,A1,46296.5,2026-10-01 16:00\n"
    assert refused(import_kpis(kept, write(tmp_path, text), now=NOW)) == []
    assert figures(kept)["ticket_handle_time"] == (4.0, 1)


def test_a_workbook_of_tickets(kept: Store, tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["工单号", "客服", "创建时间", "关闭时间"])
    sheet.append([1001, "A1", from_excel(46296.375), from_excel(46296.5)])
    path = tmp_path / "tickets.xlsx"
    book.save(path)
    assert refused(import_kpis(kept, path, now=NOW)) == []
    assert figures(kept)["ticket_handle_time"] == (3.0, 1)


def test_the_form_can_be_said(kept: Store, tmp_path: Path) -> None:
    path = write(tmp_path, "agent,date,attendance\nA1,2026-10-01,present\n")
    with pytest.raises(TableError, match="needs a column for opened_at") as caught:
        import_kpis(kept, path, form=Form.TICKETS, now=NOW)
    assert caught.value.field == "opened_at"
    assert import_kpis(kept, path, form=Form.ATTENDANCE, now=NOW).imported_count == 1


def test_daily_columns_of_finished_tables_stay_finished_tables(kept: Store, tmp_path: Path) -> None:
    path = write(tmp_path, "坐席,时间,满意度,每周通话量,接听数\nA1,2026-10,86%,250,1000\n")
    assert import_kpis(kept, path, now=NOW).form is Form.WIDE
    assert figures(kept) == {
        "csat": (0.86, None),
        "calls_handled_weekly": (250.0, None),
        "contacts_per_head": (1000.0, None),
    }


def test_months_to_come_are_refused(kept: Store, tmp_path: Path) -> None:
    result = import_kpis(kept, write(tmp_path, "agent,period,csat\nA1,2026-12,86%\nA1,2026-11,86%\n"), now=NOW)
    assert refused(result) == [(2, "period")]


FULL = {
    Form.CALLS: CALLS.replace("Caller", "Caller,Speed of Answer,Rating,Resolved,FCR,Complaint").replace(
        "1380001\n", "1380001,5,5,Y,Y,N\n"
    ),
    Form.TICKETS: TICKETS,
    Form.SURVEYS: SURVEYS.replace("Ideal\n", "Ideal,Resolved,FCR\n")
    .replace("9,8,6\n", "9,8,6,Y,N\n")
    .replace(",4,\n", ",4,,,\n")
    .replace("1,1,1\n", "1,1,1,,\n")
    .replace(",,,,,,\n", ",,,,,,,,\n")
    .replace(",9,,,\n", ",9,,,,,\n"),
    Form.ORDERS: ORDERS.replace("接待客服,", "接待客服,访客ID,").replace("A1,", "A1,V,").replace("A2,", "A2,W,"),
    Form.ATTENDANCE: SHIFTS,
}


@pytest.mark.parametrize("form", FULL)
def test_a_full_export_gives_what_is_documented(kept: Store, tmp_path: Path, form: Form) -> None:
    import_kpis(kept, write(tmp_path, FULL[form]), now=NOW)
    found = {indicator for _, indicator in records(kept)}
    assert found == set(form_words()[form].gives)
    assert found <= shipped().keys()
