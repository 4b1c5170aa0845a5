"""The condition language that selects customers: JSON ⇄ tree ⇄ expression ⇄ sentence.

`parse` reads a condition, `Scope.apply` asks it of everybody, `Criteria.sentence` says it in three languages, and
`Criteria.blocks` says of one customer which part holds. docs/criteria.md is the reference of the language.
"""

from custrata.criteria.checking import NotSummable, UngradedScheme, UnknownColumn, UnknownTrait, WrongOperator
from custrata.criteria.language import Block, Criteria, Needs, parse
from custrata.criteria.operators import OPERATORS, Operator
from custrata.criteria.parsing import MissingPart, TooLarge, UnknownFacts, UnknownNode, UnknownOperator, UnknownPart
from custrata.criteria.scope import Scope
from custrata.criteria.sentences import Names
from custrata.criteria.values import BadValue

__all__ = [
    "OPERATORS",
    "BadValue",
    "Block",
    "Criteria",
    "MissingPart",
    "Names",
    "Needs",
    "NotSummable",
    "Operator",
    "Scope",
    "TooLarge",
    "UngradedScheme",
    "UnknownColumn",
    "UnknownFacts",
    "UnknownNode",
    "UnknownOperator",
    "UnknownPart",
    "UnknownTrait",
    "WrongOperator",
    "parse",
]
