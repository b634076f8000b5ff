"""The pages, as text; tests/browser looks at them as people do."""

import io
import re
from itertools import pairwise

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from api.documents import UtteranceDocument
from api.pages.contact_view import HEIGHT, WIDTH, pieces_of, sentiment_course
from qa_pipeline.domain.annotation import SentimentLabel
from qa_pipeline.domain.contact import Role
from tests.api.conftest import ONE_CHANNEL_CALL, RED_LINE_CALL


def text_of(client: TestClient, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("text/html")
    return answer.text


def test_the_overview_links_months_contacts_and_downloads(client: TestClient) -> None:
    page = text_of(client, "/")
    for address in (
        "/reports/2026-10",
        "/reports/2026-10/callqa.xlsx",
        "/contacts?period=2026-10",
        "/contacts/20261011-A06",
    ):
        assert f'href="{address}"' in page
    assert "waiting.mp3" in page
    assert "Install one." in page


def test_a_language_in_the_address_is_kept_by_the_links(client: TestClient) -> None:
    page = text_of(client, "/?lang=zh")
    assert 'lang="zh-CN"' in page
    assert 'href="/contacts?lang=zh"' in page
    assert 'href="/?lang=en"' in page  # the switch


def test_contacts_keep_their_filters_over_pages(client: TestClient) -> None:
    page = text_of(client, "/contacts?period=2026-10&kind=&passed=&text=&limit=50")
    assert "1–50 of 73" in page
    (after,) = re.findall(r'href="/contacts\?period=2026-10&amp;after=([\w-]+)"', page)
    second = text_of(client, f"/contacts?period=2026-10&after={after}")
    assert "First page" in second and "Next page" not in second
    assert len(re.findall(r'href="/contacts/(?:2026|waiting)', second)) == 23
    assert "51–73 of 73" in text_of(client, "/contacts?period=2026-10&offset=50")
    assert "No contact fits these filters." in text_of(client, "/contacts?text=nobody")


def test_what_was_typed_into_the_search_is_escaped(client: TestClient) -> None:
    page = text_of(client, '/contacts?text="><script>alert(1)</script>')
    assert "<script>alert" not in page


def test_a_contact_marks_quoted_words_and_links_findings_to_them(client: TestClient) -> None:
    page = text_of(client, f"/contacts/{RED_LINE_CALL}?lang=zh")
    assert "<mark>你有病吧，爱投诉就去投诉。</mark>" in page
    assert 'href="#u14"' in page
    assert 'id="u14"' in page
    assert "不得辱骂客户" in page


def test_a_contact_says_what_its_roles_rest_on_and_which_language_was_heard(client: TestClient) -> None:
    assert "roles as the transcript names them" in text_of(client, f"/contacts/{RED_LINE_CALL}?lang=en")
    page = text_of(client, f"/contacts/{ONE_CHANNEL_CALL}?lang=en")
    assert "voices told apart by resemblyzer@0.1.4 (confidence 0.93), roles by wording" in page
    assert "channel 1: heard as Chinese, probability 0.97" in page
    document = client.get(f"/api/v1/contacts/{ONE_CHANNEL_CALL}").json()["transcript"]
    assert (document["roles_by"], document["diarization_confidence"]) == ("diarization", 0.934)
    assert document["languages"] == [{"channel": 0, "language": "zh", "probability": 0.97}]


def test_a_contact_names_the_moves_in_the_readers_language(client: TestClient) -> None:
    for language, name in (("zh", "问候"), ("en", "Greeting")):
        page = text_of(client, f"/contacts/{RED_LINE_CALL}?lang={language}")
        assert page.count('class="move"') == 1
        assert f'<span class="move" title="第0句">{name}</span>' in page


def test_a_contact_marks_what_may_be_abusive(client: TestClient) -> None:
    page = text_of(client, f"/contacts/{RED_LINE_CALL}?lang=en")
    assert page.count('<span class="flag flag-possible_abuse">possibly abusive</span>') == 1


def test_a_contact_without_inspection_says_so(client: TestClient) -> None:
    assert "This contact has not been scored." in text_of(client, "/contacts/waiting/1")


def test_the_report_links_to_the_contacts(client: TestClient) -> None:
    assert f'href="/contacts/{RED_LINE_CALL}?lang=en"' in text_of(client, "/reports/2026-10?lang=en")


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/nowhere", 404, "There is nothing at this address."),
        ("/contacts/unknown", 404, "There is no contact with the id unknown."),
        ("/reports/2026-09", 404, "Nothing was inspected or evaluated in 2026-09."),
        ("/reports/soon", 422, "soon is not a month, quarter or year."),
        ("/reports/2026-10/callqa.exe", 404, "There is no report as .exe."),
    ],
)
def test_errors_are_pages_outside_the_api(client: TestClient, path: str, status: int, message: str) -> None:
    assert message in text_of(client, path, status)


def test_reports_can_be_downloaded(client: TestClient) -> None:
    answer = client.get("/reports/2026-10/callqa.xlsx")
    assert answer.headers["content-disposition"] == 'attachment; filename="callqa-2026-10-en.xlsx"'
    assert "Contacts" in load_workbook(io.BytesIO(answer.content)).sheetnames
    assert client.get("/reports/2026-10/callqa.csv").content.startswith(b"\xef\xbb\xbf")


@given(st.text(alphabet="ab您", max_size=12), st.lists(st.text(alphabet="ab您", max_size=3), max_size=4))
def test_pieces_are_the_text_and_every_quote_is_marked(text: str, quotes: list[str]) -> None:
    pieces = pieces_of(text, quotes)
    assert "".join(piece.text for piece in pieces) == text
    for one, other in pairwise(pieces):
        assert one.is_quoted != other.is_quoted
    marked = sum(len(piece.text) for piece in pieces if piece.is_quoted)
    assert (marked > 0) == any(quote and quote in text for quote in quotes)


def utterance(index: int, role: Role, start_s: float | None, score: float | None) -> UtteranceDocument:
    return UtteranceDocument(
        index=index,
        role=role,
        text="x",
        start_s=start_s,
        end_s=None if start_s is None else start_s + 2,
        confidence=None,
        usable=True,
        sentiment=SentimentLabel.NEUTRAL if score is not None else None,
        sentiment_score=score,
        moves=(),
        abuse_probability=None,
    )


def test_the_course_shows_the_customer_only_over_time() -> None:
    course = sentiment_course(
        [
            utterance(0, Role.AGENT, 0.0, -1.0),
            utterance(1, Role.CUSTOMER, 4.0, -1.0),
            utterance(2, Role.CUSTOMER, 6.0, None),
            utterance(3, Role.CUSTOMER, 8.0, 1.0),
        ]
    )
    # The last utterance ends at 10 s: 4 s is 40 % and 8 s 80 % of the width; -1 lies at the bottom, +1 at the top.
    assert [(point.x, point.y) for point in course] == [(0.4 * WIDTH, HEIGHT), (0.8 * WIDTH, 0.0)]


def test_without_times_the_course_goes_by_the_order_of_words() -> None:
    course = sentiment_course([utterance(0, Role.AGENT, None, None), utterance(1, Role.CUSTOMER, None, 0.0)])
    assert [(point.x, point.y) for point in course] == [(WIDTH / 2, HEIGHT / 2)]  # the second of two


def test_a_contact_shows_how_the_customer_left_and_the_sentence(client: TestClient) -> None:
    for language, words in (("en", "left angry"), ("zh", "")):
        page = text_of(client, f"/contacts/{RED_LINE_CALL}?lang={language}")
        assert page.count('class="turn turn-left_angry"') == 2  # in the list and at the utterance
        assert '<a href="#u3">我的快递三天了还没有到！</a>' in page
        assert words in page
        assert page.count('class="turn-line"') == 1


def test_a_contact_shows_predicted_satisfaction_with_its_interval(client: TestClient) -> None:
    page = text_of(client, f"/contacts/{RED_LINE_CALL}?lang=en")
    assert "95% interval 0.1–1.3" in page
    document = client.get(f"/api/v1/contacts/{RED_LINE_CALL}").json()
    assert document["satisfaction"] == {
        "value": 0.7,
        "ci95": [0.1, 1.3],
        "turns": [{"utterance": 1, "value": 1.1}, {"utterance": 3, "value": 0.3}],
    }
    (turn,) = document["turning_points"]
    assert (turn["event"], turn["utterance"], turn["after"]) == ("left_angry", 3, -0.8)


def test_what_was_said_is_found_marked_and_linked(client: TestClient) -> None:
    page = text_of(client, "/contacts?q=快遞 沒有&lang=en")
    assert f'href="/contacts/{RED_LINE_CALL}?lang=en#u3"' in page
    assert "我的<mark>快递</mark>三天了还<mark>没有</mark>到！" in page
    assert "1–1 of 1" in page
    assert "71 contacts that were scored before cannot be found yet" in page
    assert "No contact fits" in text_of(client, "/contacts?q=快递&role=agent")
    assert "No contact fits" in text_of(client, "/contacts?q=快递&flag=recovered")


def test_a_query_that_cannot_be_read_is_explained_beside_the_box(client: TestClient) -> None:
    page = text_of(client, "/contacts?q=%22快递&lang=en", status=422)
    assert "A quote is opened and not closed." in page
    assert 'aria-invalid="true"' in page
    assert "<script>alert" not in text_of(client, '/contacts?q="<script>alert(1)</script>"')


def test_attitude_is_explained_by_behaviours_and_the_sentences_that_show_them(client: TestClient) -> None:
    page = text_of(client, f"/contacts/{RED_LINE_CALL}?lang=zh")
    # 2.0 stands at the anchor of "curt"; the mark that costs most comes first and links to its sentence.
    assert "礼貌 2.0 / 5" in page
    assert "口气生硬，没有称呼和礼貌用语" in page
    assert page.index("-0.75</b> 冷漠敷衍") < page.index("+0.25</b> 致谢")
    assert '<a href="#u14">“爱投诉就去投诉”</a>' in page
    english = text_of(client, f"/contacts/{RED_LINE_CALL}?lang=en")
    assert "Curt, without address or courtesies" in english
    assert "nothing to judge it by" in english
    draft = text_of(client, f"/contacts/{ONE_CHANNEL_CALL}?lang=zh")
    assert "识别文字只是草稿，不据此判断服务态度。" in draft
    assert "冷漠敷衍" in draft  # the behaviours that were heard stay in sight
    assert "没有可判定的内容" not in draft


def test_a_contact_shows_its_reason_with_the_sentence(client: TestClient) -> None:
    page = text_of(client, f"/contacts/{RED_LINE_CALL}?lang=en")
    assert "快递未到" in page
    assert '<a href="#u3">我的快递三天了还没有到！</a>' in page
    document = client.get(f"/api/v1/contacts/{RED_LINE_CALL}").json()
    assert document["reason"] == {
        "category": "快递未到",
        "confidence": 0.91,
        "utterance": 3,
        "quote": "我的快递三天了还没有到！",
    }
    assert client.get(f"/api/v1/contacts/{ONE_CHANNEL_CALL}").json()["reason"] is None
