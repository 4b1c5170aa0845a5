from __future__ import annotations
from tests.pipeline.test_refresh import *
def test_x(workspace, duck, spark, add_orders):
    add_orders(workspace, shop(3))
    ours = run_at(workspace, duck, "2025-06-01").run.read("profile", duck).order_by("customer_id").to_pyarrow()
    workspace.runs.folder.joinpath("published.json").unlink()
    theirs = run_at(workspace, spark, "2025-06-01").run.read("profile", duck).order_by("customer_id").to_pyarrow()
    for n in ours.column_names:
        if ours[n].to_pylist()!=theirs[n].to_pylist(): print("DIFF",n,ours[n].type,theirs[n].type,ours[n].to_pylist()[:3],theirs[n].to_pylist()[:3])
    o=workspace.lake.snapshot().read("orders",spark).order_by("order_id").limit(2).select("ordered_at").to_pyarrow(); print("LAKE", o)
    o=workspace.lake.snapshot().read("orders",duck).order_by("order_id").limit(2).select("ordered_at").to_pyarrow(); print("LAKE", o)
    assert 0
