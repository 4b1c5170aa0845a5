from __future__ import annotations

import pytest
from tests.ingest.conftest import Shop

from custrata.ingest import Mapping, NeedsDecision, Question
from custrata.ingest.questions import UnknownChoice

HEAD = "order_id,customer_id,ordered_at,amount,status"
UNKNOWN = f"{HEAD}\n1,a,2024-01-05,8,paid\n2,a,2024-01-06,8,zufrieden\n3,b,2024-01-05,8,zufrieden\n"


def test_refuses_and_changes_nothing_while_a_question_waits(shop: Shop) -> None:
    before = shop.state
    with pytest.raises(NeedsDecision, match=r"zufrieden.*2 rows") as raised:
        shop.import_text("orders", UNKNOWN)
    assert [question.code for question in raised.value.questions] == ["status.zufrieden"]
    assert (raised.value.exit_code, shop.state) == (2, before)


def test_an_answer_decides(shop: Shop) -> None:
    shop.import_text("orders", UNKNOWN, decisions={"status.zufrieden": "completed"})
    assert shop.rows("orders", "order_id", "status") == [("1", "completed"), ("2", "completed"), ("3", "completed")]


def test_proposed_answers_are_taken_where_one_says_so_and_kept_in_the_mapping(shop: Shop) -> None:
    result = shop.import_text("orders", UNKNOWN, accept_defaults=True)
    assert result.mapping.decisions == {"status.zufrieden": "pending"}
    assert [(notice.code, notice.count) for notice in result.notices] == [("status_words", 2)]
    assert shop.rows("orders", "status") == [("completed",), ("pending",), ("pending",)]


def test_a_saved_mapping_answers_the_next_time(shop: Shop) -> None:
    saved = shop.import_text("orders", UNKNOWN, accept_defaults=True).mapping.to_toml()
    assert shop.import_text("orders", UNKNOWN.replace("paid", "Paid"), mapping=Mapping.from_toml(saved)).accepted == 3


def test_refuses_an_answer_that_is_none(shop: Shop) -> None:
    with pytest.raises(UnknownChoice, match=r"status\.zufrieden"):
        shop.import_text("orders", UNKNOWN, decisions={"status.zufrieden": "perhaps"})


def test_a_row_may_be_left_out_by_an_answer(shop: Shop) -> None:
    result = shop.import_text("orders", UNKNOWN, decisions={"status.zufrieden": "leave_out"})
    assert (result.accepted, result.rejected, result.quality.left_out, result.quarantine) == (1, 0, 2, None)


@pytest.mark.parametrize("language", ["zh-hans", "zh-hant", "en"])
def test_a_question_is_a_sentence_in_every_language(language: str) -> None:
    question = Question("status.x", ("pending",), "pending", {"word": "x", "rows": 1, "header": "h"})
    assert "x" in question.sentence(language)
    assert question.meaning("pending", language) != "pending"
