from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ingest.conftest import Shop

from custrata.ingest import Mapping, NeedsDecision
from custrata.ingest.statuses import MEANINGS, proposed, status_of

HEAD = "订单号,会员号,下单时间,实付金额,订单状态"


def orders(*statuses: str) -> str:
    """An order per status, of 10, 20 …"""
    rows = [f"A{n},M{n},2024-03-05 10:0{n},{n}0.00,{word}" for n, word in enumerate(statuses, start=1)]
    return "\n".join([HEAD, *rows]) + "\n"


@pytest.mark.parametrize(
    ("word", "platform", "status"),
    [
        ("卖家已发货，等待买家确认", None, "completed"),
        ("已发货,待签收", None, "completed"),
        ("未发货，退款成功", None, "refunded"),
        ("賣家已發貨，等待買家確認", None, "completed"),
        ("交易关闭", None, "cancelled"),
        ("待付款", None, "pending"),
        ("(删除)等待付款确认", None, "pending"),
        ("Shipped - Delivered to Buyer", None, "completed"),
        ("Shipped - Returned to Seller", None, "refunded"),
        ("wc-completed", None, "completed"),
        ("wc-checkout-draft", None, "pending"),
        ("checkout-draft", None, "pending"),
        ("holded", None, "pending"),
        ("PARTIALLY_REFUNDED", None, "partly_refunded"),
        ("Rückerstattet", None, "refunded"),
        ("Annulée", None, "cancelled"),
        ("キャンセル", None, "cancelled"),
        ("closed", None, None),
        ("closed", "magento", "refunded"),
        ("closed", "shopify", "completed"),
        ("退款中", None, None),
    ],
)
def test_knows_what_platforms_write(word: str, platform: str | None, status: str | None) -> None:
    assert status_of(word, platform) == status


@given(st.text(max_size=20))
def test_what_is_proposed_for_a_word_is_never_a_sale(word: str) -> None:
    assert proposed(word) in MEANINGS
    assert proposed(word) != "completed"


def test_asks_about_every_word_nobody_knows_with_its_rows(shop: Shop) -> None:
    with pytest.raises(NeedsDecision) as raised:
        shop.import_text("orders", orders("交易成功", "退款中", "缺货取消", "已完成", "售后中", "售后中"))
    questions = {question.code: (question.default, question.facts["rows"]) for question in raised.value.questions}
    assert questions == {
        "status.退款中": ("pending", 1), "status.缺货取消": ("cancelled", 1), "status.售后中": ("pending", 2),
    }  # fmt: skip


def test_asks_what_codes_mean(shop: Shop) -> None:
    with pytest.raises(NeedsDecision, match=r"(?s)status\.1.*status\.3"):
        shop.import_text("orders", orders("1", "2", "3"))


def test_asks_what_closed_means(shop: Shop) -> None:
    with pytest.raises(NeedsDecision, match="closed"):
        shop.import_text("orders", orders("complete", "closed"))


def test_finds_a_word_far_down_the_file(shop: Shop) -> None:
    rows = "".join(f"B{n},M{n},2024-03-06 10:00,1,{'已完成' if n < 20_500 else '锁定'}\n" for n in range(20_501))
    result = shop.import_text("orders", f"{HEAD}\n{rows}", accept_defaults=True)
    assert [(notice.code, notice.count) for notice in result.notices] == [("status_words", 1)]


def test_a_refund_in_part_without_an_amount_is_asked_about_and_counts_in_full(shop: Shop) -> None:
    with pytest.raises(NeedsDecision, match=r"partial_refund: .*A1"):
        shop.import_text("orders", orders("部分退款", "交易成功"))
    result = shop.import_text("orders", orders("部分退款", "交易成功"), accept_defaults=True)
    assert shop.rows("orders", "status", "refund") == [("completed", Decimal(0)), ("completed", Decimal(0))]
    assert [notice.code for notice in result.notices] == ["partial_refund_keep"]


@pytest.mark.parametrize(
    ("choice", "rows"),
    [("whole", [("A1", Decimal(10)), ("A2", Decimal(0))]), ("leave_out", [("A2", Decimal(0))])],
)
def test_a_refund_in_part_may_be_decided_otherwise(shop: Shop, choice: str, rows: list[tuple[str, Decimal]]) -> None:
    shop.import_text("orders", orders("部分退款", "交易成功"), decisions={"partial_refund": choice})
    assert shop.rows("orders", "order_id", "refund") == rows


def test_a_refund_in_part_with_its_amount_is_no_question(shop: Shop) -> None:
    shop.import_text(
        "orders", "order_id,customer_id,date,amount,status,refund\n1,a,2024-01-05,10,partially_refunded,4\n"
    )
    assert shop.rows("orders", "status", "refund") == [("refunded", Decimal(4))]


def test_a_refund_above_its_order_takes_it_to_nothing_and_is_told(shop: Shop) -> None:
    rows = "1,M1,2024-03-05,100.00,120.00\n2,M1,2024-03-06,50.00,0\n"
    result = shop.import_text("orders", f"订单号,会员号,下单时间,实付金额,退款金额\n{rows}")
    assert shop.rows("orders", "amount", "refund") == [(Decimal(100), Decimal(100)), (Decimal(50), Decimal(0))]
    assert [(n.code, n.count, n.example) for n in result.notices] == [("refund_over_amount", 1, "1: 120.00 / 100.00")]


def test_asks_once_about_a_column_of_very_many_words(shop: Shop) -> None:
    content = HEAD + "\n" + "".join(f"A{n},M1,2024-03-05 10:{n:02},1,w{n}\n" for n in range(50))
    columns = dict(zip(HEAD.split(","), ("order_id", "customer_id", "ordered_at", "amount", "status"), strict=True))
    with pytest.raises(NeedsDecision, match="status_others") as raised:
        shop.import_text("orders", content, mapping=Mapping("orders", columns))
    assert len(raised.value.questions) == 1


def test_one_word_of_an_undone_order_gives_a_status_away(shop: Shop) -> None:
    content = orders("已取消", "甲", "乙", "丙").replace("订单状态", "进度")
    with pytest.raises(NeedsDecision, match=r"status\.甲"):
        shop.import_text("orders", content)
