"""What a PromQL expression names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import promql_parser

GRAFANA = {"$__rate_interval": "5m", "$__range": "1h"}


def parse(expression: str) -> Any:
    """The expression's tree; Grafana's intervals are put in, its variables stand in strings anyway.

    Raises
    ------
    ValueError
        It is not valid PromQL.
    """
    for variable, value in GRAFANA.items():
        expression = expression.replace(variable, value)
    return promql_parser.parse(expression)


def selectors(node: Any) -> Iterator[tuple[str, frozenset[str]]]:
    """Every metric of an expression with the labels that it is chosen by."""
    match node:
        case promql_parser.VectorSelector():
            yield node.name, frozenset(matcher.name for matcher in node.matchers.matchers)
        case promql_parser.MatrixSelector():
            yield from selectors(node.vector_selector)
        case promql_parser.Call():
            for argument in node.args:
                yield from selectors(argument)
        case promql_parser.BinaryExpr():
            yield from selectors(node.lhs)
            yield from selectors(node.rhs)
        case (
            promql_parser.AggregateExpr()
            | promql_parser.ParenExpr()
            | promql_parser.UnaryExpr()
            | promql_parser.SubqueryExpr()
        ):
            yield from selectors(node.expr)


def grouping(expression: str) -> frozenset[str]:
    """Labels that aggregations keep or joins match on."""
    found = re.findall(r"\b(?:by|on)\s*\(([^)]*)\)", expression)
    return frozenset(label.strip() for group in found for label in group.split(",") if label.strip())


def problems(expression: str, known: Mapping[str, frozenset[str]], added: frozenset[str]) -> list[str]:
    """Metrics and labels that an expression names and that do not exist."""
    found, labels = [], set(added)
    for name, chosen in selectors(parse(expression)):
        if name not in known:
            found.append(f"no metric {name}")
            continue
        labels |= known[name]
        found += [f"{name} has no label {label}" for label in sorted(chosen - known[name] - added)]
    return found + [f"no label {label} to group by" for label in sorted(grouping(expression) - labels)]
