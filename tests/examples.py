"""How many examples property tests try: few in every run, all of them in the long one (`make test-deep`)."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import settings

DEEP = os.environ.get("CUSTRATA_TEST_EXAMPLES") == "all"


def examples(number: int, **options: Any) -> settings:
    """Settings for a property that tries `number` examples in the long run, and a fifth of them otherwise."""
    return settings(max_examples=number if DEEP else max(2, number // 5), **options)
