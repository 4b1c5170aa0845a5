"""Every error Custrata raises on purpose.

    CustrataError
    ├── BadInput   the file, option or table one handed in is not usable   (exit code 2)
    └── Refused    the request is understood and will not be carried out   (exit code 1;
                   2 where the file itself leaves open what to do)

A concrete error is declared beside the code that raises it, as a subclass of one of the two, with a `template`
that says what happened and what to do. The catalogues in `custrata.wording` hold the same sentence in the other
languages, under the name of the class. The REST API answers with the `status` of the class: 409 for `Refused`, 422 for
`BadInput`, or the one that the class or a parent of it sets.
"""

from __future__ import annotations

from typing import ClassVar

LONGEST = 2_000  # characters of one fact in a sentence


class CustrataError(Exception):
    """The root of the tree; `facts` are the values its sentence is made of.

    >>> class NoSuchShelf(Refused):
    ...     status = 404
    ...     template = "There is no shelf {shelf}."
    >>> str(NoSuchShelf(shelf="B7"))
    'There is no shelf B7.'
    >>> NoSuchShelf(shelf="B7").exit_code, NoSuchShelf(shelf="B7").status
    (1, 404)
    """

    template: ClassVar[str] = "Something went wrong."
    exit_code: ClassVar[int] = 1
    status: ClassVar[int] = 409

    def __init__(self, **facts: object) -> None:
        # Input may be arbitrarily long, an error message may not.
        self.facts = {name: _short(fact) for name, fact in facts.items()}
        super().__init__(self.template.format(**self.facts))


def _short(fact: object) -> object:
    return fact[:LONGEST] + "…" if isinstance(fact, str) and len(fact) > LONGEST else fact


class Refused(CustrataError):
    """Understood, and not done: nothing has changed."""

    exit_code: ClassVar[int] = 1
    status: ClassVar[int] = 409


class BadInput(CustrataError):
    """What was handed in cannot be used: nothing has changed."""

    exit_code: ClassVar[int] = 2
    status: ClassVar[int] = 422
