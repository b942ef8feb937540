"""Explain: every exception of a plan answers "why", with its binding chain and what one more step is worth.

    for finding in findings(plan): ...              what needs an explanation, largest money first
    told = explain(plan, finding.subject)           the chain, at once, without a re-plan
    told = price(planner, plan, told)               worth on both sides and ways out, by exact re-plans
    told.whole                                      all of it in one paragraph

docs/explain.md says the rules.
"""

from sop_core.explain.explanation import Binding, Explanation, Link, Priced, Term, Way, Without
from sop_core.explain.pricing import price, way_text
from sop_core.explain.subject import KINDS, MONEY, Finding, Subject, findings, shortage_findings
from sop_core.explain.why import explain

__all__ = [
    "KINDS",
    "MONEY",
    "Binding",
    "Explanation",
    "Finding",
    "Link",
    "Priced",
    "Subject",
    "Term",
    "Way",
    "Without",
    "explain",
    "findings",
    "price",
    "shortage_findings",
    "way_text",
]
