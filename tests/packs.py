"""Packs made by hand, for tests of whatever draws one: `example()` has everything, `bare()` has next to nothing.

The numbers of `example` hang together as those of a real Pack do: families add up to the company, bridges to their
ends, quarters to their year, KPIs to their months.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sop_core.kpis import KPIS
from sop_core.pack import value as v

CLOSED = 2
MONTHS = ("2026-09", "2026-10", "2026-11", "2026-12") + tuple(f"2027-{n:02d}" for n in range(1, 11))
_T = len(MONTHS)
_PLANNED = range(CLOSED, _T)
_NAMES = ("Mowers", "Irrigation", "Hand tools")
_DEMAND = {
    "Mowers": (310, 240, 200, 180, 320, 560, 980, 1450, 1620, 1310, 900, 620, 330, 250),
    "Irrigation": (900, 620, 410, 380, 520, 900, 1600, 2600, 3400, 3900, 3600, 2500, 950, 640),
    "Hand tools": (1500, 1400, 1300, 1250, 1300, 1500, 1900, 2300, 2400, 2200, 1900, 1700, 1550, 1450),
}
_LATE = {"Mowers": {6: 60, 7: 210, 8: 330, 9: 120}}  # backlog at the month's end
_PRICE = {"Mowers": 260.0, "Irrigation": 48.0, "Hand tools": 21.5}
_UNIT_COST = {"Mowers": 171.0, "Irrigation": 29.0, "Hand tools": 13.5}
_STOCK = {
    "Mowers": (300, 280, 420, 640, 900, 980, 760, 340, 120, 150, 260, 300, 320, 310),
    "Irrigation": (800, 900, 1300, 1900, 2600, 3300, 3700, 3200, 2300, 1400, 900, 800, 850, 900),
    "Hand tools": (6100, 5900, 5400, 4900, 4500, 4100, 3700, 3300, 3000, 2800, 2600, 2500, 2450, 2400),
}
_FIXED = 36_000.0  # costs a month beyond the standard cost of what is served
_CURRENCY = "EUR"


def _served(name: str) -> tuple[float, ...]:
    late = _LATE.get(name, {})
    return tuple(float(units + late.get(t - 1, 0) - late.get(t, 0)) for t, units in enumerate(_DEMAND[name]))


def _families() -> tuple[v.FamilyLine, ...]:
    return tuple(
        v.FamilyLine(
            name=name,
            unit="units",
            demand=tuple(float(units) for units in _DEMAND[name]),
            served=_served(name),
            stock=tuple(float(units) for units in _STOCK[name]),
            stock_value=tuple(units * _UNIT_COST[name] for units in _STOCK[name]),
            revenue=tuple(units * _PRICE[name] for units in _served(name)),
        )
        for name in _NAMES
    )


def _company(line: str) -> tuple[float, ...]:
    return tuple(sum(getattr(family, line)[t] for family in _families()) for t in range(_T))


def _planned_only(values: tuple[float, ...]) -> v.Monthly:
    return (None,) * CLOSED + tuple(values[CLOSED:])


def _total(values: v.Monthly) -> float:
    return sum(values[t] or 0.0 for t in _PLANNED)


_REVENUE = _company("revenue")
_COST = tuple(sum(_served(n)[t] * _UNIT_COST[n] for n in _NAMES) + _FIXED for t in range(_T))
_MARGIN = tuple(_REVENUE[t] - _COST[t] for t in range(_T))
_STOCK_VALUE = _company("stock_value")
_CASH = tuple(0.9 * _MARGIN[t] for t in range(_T))
_CAPITAL = tuple(_STOCK_VALUE[t] + 0.6 * _REVENUE[t] for t in range(_T))
_UNITS = _company("demand")
_BACKLOG = tuple(float(sum(late.get(t, 0) for late in _LATE.values())) for t in range(_T))
_ON_TIME = tuple(1.0 - _BACKLOG[t] / _UNITS[t] for t in range(_T))
_SERVICE = 1.0 - sum(_BACKLOG[t] for t in _PLANNED) / _total(_UNITS)


def _kpi(name: str, value: float, months: tuple[float, ...], *against: v.Against) -> v.KpiLine:
    kpi = KPIS[name]
    return v.KpiLine(
        name, kpi.title, kpi.unit, kpi.direction, kpi.formula, value, _planned_only(months), against
    )


def _kpis() -> tuple[v.KpiLine, ...]:
    margin, revenue = _total(_MARGIN), _total(_REVENUE)
    stock, capital = _total(_STOCK_VALUE) / 12, _total(_CAPITAL) / 12
    kept = "estimate of Oct 26"
    return (
        _kpi("revenue", revenue, _REVENUE,
             v.Against(v.BUDGET, revenue * 1.02, revenue, good=False),
             v.Against(v.LAST, revenue * 0.99, revenue, "Nov 26–Sep 27", True, kept),
             v.Against(v.BASE, revenue - 141_000.0, revenue, good=True)),
        _kpi("margin", margin, _MARGIN,
             v.Against(v.TARGET, 900_000.0, margin, good=margin >= 900_000.0),
             v.Against(v.BUDGET, margin + 61_500.0, margin, good=False),
             v.Against(v.BASE, margin - 118_400.0, margin, good=True)),
        _kpi("margin_rate", margin / revenue, tuple(m / r for m, r in zip(_MARGIN, _REVENUE, strict=True)),
             v.Against(v.BASE, (margin - 118_400.0) / (revenue - 141_000.0), margin / revenue, good=True)),
        _kpi("service_level", _SERVICE, _ON_TIME,
             v.Against(v.TARGET, 0.98, _SERVICE, good=_SERVICE >= 0.98),
             v.Against(v.BASE, _SERVICE - 0.031, _SERVICE, good=True)),
        _kpi("stock_value", stock, _STOCK_VALUE,
             v.Against(v.TARGET, 190_000.0, stock, good=stock <= 190_000.0),
             v.Against(v.BASE, stock + 43_000.0, stock, good=True)),
        _kpi("working_capital", capital, _CAPITAL, v.Against(v.BASE, capital + 39_500.0, capital, good=True)),
        _kpi("cash", _total(_CASH), _CASH, v.Against(v.BASE, _total(_CASH) - 96_300.0, _total(_CASH), good=True)),
    )  # fmt: skip


def _series(
    name: str, title: str, unit: str, values: v.Monthly | tuple[float, ...], role: str = ""
) -> v.Series:
    return v.Series(name, title, unit, tuple(values), role)


def _running(values: tuple[float, ...]) -> v.Monthly:
    out: list[v.Number] = [None] * CLOSED
    total = 0.0
    for t in _PLANNED:
        total += values[t]
        out.append(total)
    return tuple(out)


def _pictures() -> tuple[v.Picture, ...]:
    actual = tuple(_UNITS[:CLOSED]) + (None,) * (_T - CLOSED)
    served = _planned_only(_company("served"))
    return (
        v.Picture("demand", "Demand", "Demand is 50,870 units in Nov 26–Oct 27, 2.4 % below budget; it peaks in May 27.",
                  "units", (
            _series("actual", "Actual", "units", actual, "actual"),
            _series("demand", "Demand", "units", _planned_only(_UNITS), "demand"),
            _series("budget", "Budget", "units", _planned_only(tuple(u * 1.024 for u in _UNITS)), "budget"),
            _series("last_le", "Last LE", "units", _planned_only(tuple(u * 0.99 for u in _UNITS)), "last_le"),
            _series("low", "P10", "units", _planned_only(tuple(u * 0.9 for u in _UNITS))),
            _series("high", "P90", "units", _planned_only(tuple(u * 1.1 for u in _UNITS))),
        )),
        v.Picture("supply", "Supply", "720 units are late, most of them in May 27; the Mower Line holds them back.",
                  "units", (
            _series("demand", "Demand", "units", _planned_only(_UNITS), "demand"),
            _series("served", "Served", "units", served, "supply"),
            _series("late", "Late at month end", "units", _planned_only(_BACKLOG), "shortage"),
            _series("lost", "Lost", "units", _planned_only((0.0,) * _T), "shortage"),
            _series("output", "Output", "units", served, "stock"),
        )),
        v.Picture("stock", "Stock", "Stock peaks at 319 k EUR in Feb 27 and ends at 112 k EUR.", "money", (
            _series("stock", "Stock", "money", _STOCK_VALUE, "stock"),
            _series("target", "Stock target", "money", _planned_only((180_000.0,) * _T)),
        )),
        v.Picture("money", "Money", "Margin stays 61.5 k EUR below budget over the plan; cash is positive from Mar 27.",
                  "money", (
            _series("revenue", "Revenue", "money", _REVENUE, "demand"),
            _series("margin", "Margin", "money", _planned_only(_MARGIN), "stock"),
            _series("budget_margin", "Budgeted margin", "money",
                    _planned_only(tuple(m + 61_500.0 / 12 for m in _MARGIN)), "budget"),
            _series("cash", "Cash, cumulative", "money", _running(_CASH), "supply"),
            _series("working_capital", "Working capital", "money", _planned_only(_CAPITAL)),
        )),
    )  # fmt: skip


def _resources() -> tuple[v.ResourceLine, ...]:
    needed = tuple(float(min(1450, 180 + 0.7 * units)) for units in _DEMAND["Mowers"])
    over = tuple(max(0.0, hours - 1150.0) for hours in needed)
    free = tuple(float(units) * 0.21 for units in _DEMAND["Hand tools"])
    return (
        v.ResourceLine("Mower Line", "Mower Line", "Larkfield", _planned_only(needed), _planned_only((1150.0,) * _T),
                       _planned_only(over)),
        v.ResourceLine("Press 2", "Press 2", "Larkfield", _planned_only(free), (None,) * _T, _planned_only((0.0,) * _T)),
    )  # fmt: skip


def _scenarios(kpis: tuple[v.KpiLine, ...]) -> tuple[v.ScenarioLine, ...]:
    own = {line.name: line.value for line in kpis}

    def line(name: str, change: float, sentence: str, misses: float, **flags: bool) -> v.ScenarioLine:
        moved = {n: (None if x is None else x + change * (1.0 if x > 10 else 3e-7)) for n, x in own.items()}
        changes = () if flags.get("base") else (f"{name}: its first Change", f"{name}: its second Change")
        return v.ScenarioLine(
            name, changes, moved, sentence=sentence, misses={"service_level": misses, "margin": misses / 2}, **flags
        )  # fmt: skip

    return (
        line("Base", -118_400.0, "The company as it is: 118 k EUR less margin.", 0.94, base=True),
        line("Planning's proposal", 0.0, "The most margin of the four; it keeps the service target.", 0.41,
             recommended=True),
        line("Mower Weeks in July", -52_300.0, "Half of the way, without a talk with a supplier.", 0.63),
        line("Larger mower crew", -81_900.0, "The best service, at the price of six more heads.", 0.22),
    )  # fmt: skip


def _risk(kpis: tuple[v.KpiLine, ...]) -> v.RiskPart:
    margin = next(line.value for line in kpis if line.name == "margin") or 0.0
    return v.RiskPart(
        paths=1000,
        seed=20_260_101,
        sentence="The service target of 98 % is missed on 41 of 100 paths of demand.",
        lines=(
            v.RiskLine("service_level", "service_level", "Service level", "fraction", 0.958, 0.982, 0.991, _SERVICE,
                       0.98, 0.41, True, "41 of 100 paths miss the target of 98 %."),
            v.RiskLine("margin", "margin", "Margin", "money", margin - 140_000, margin - 6_000, margin + 95_000,
                       margin, 900_000.0, 0.27, True, "27 of 100 paths miss the target of 900 k EUR."),
            v.RiskLine("margin_budget", "margin", "Margin against budget", "money", margin - 140_000, margin - 6_000,
                       margin + 95_000, margin, margin + 61_500, 0.81, False, "81 of 100 paths miss the budget."),
        ),
        carriers=(("Mowers", 0.71), ("Irrigation", 0.22), ("Hand tools", 0.07)),
        holds="Production, purchases, people and prices stay as planned while demand goes its own way.",
    )  # fmt: skip


def _decisions() -> tuple[v.DecisionCard, ...]:
    def option(title: str, margin: float, service: float, recommended: bool = False) -> v.OptionLine:
        kpis = {"margin": margin, "service": service, "stock": 290_000.0, "cash": 0.8 * margin}
        return v.OptionLine(title, kpis, recommended, 1)

    return (
        v.DecisionCard(
            1, 2, "Move the Mower Weeks to July", "The Mower Line is full in May; the promotion brings late orders.",
            "Elena Ricci, Sales", "2026-12-15", "Planning's proposal",
            ("Mower Weeks 2027: two months later",),
            (option("Move to July", 917_000.0, 0.986, True), option("Cancel it", 884_000.0, 0.987),
             option("Leave it in May", 841_000.0, 0.955)),
            "Move to July", "A month of waiting costs 24.6 k EUR of margin.", 24_600.0, "proposed", "",
        ),
        v.DecisionCard(
            2, 1, "A tenth more from Padana Plast", "The contract allows less a month than the summer needs.",
            "Ines Vogel, Purchasing", "2027-01-31", "Planning's proposal", ("Padana Plast, from Jan 27: +10 % a month",),
            (option("A tenth more", 917_000.0, 0.986, True), option("Buy ahead from Eastgrove", 903_000.0, 0.981)),
            "A tenth more", "", None, "approved", "With a price kept for the year.",
        ),
        v.DecisionCard(
            3, 1, "Sell hand tools down", "Eight months of demand lie in the warehouse.", "Jonas Keller, Planning", "",
            "Planning's proposal", (), (), "", "A month of waiting costs 3.1 k EUR of holding.", 3_100.0, "deferred",
            "Wait for the chain's answer.",
        ),
    )  # fmt: skip


def _bridge(kpis: tuple[v.KpiLine, ...]) -> v.Bridge:
    margin = next(line.value for line in kpis if line.name == "margin") or 0.0
    steps = (
        v.Step("Volume", 96_000.0, True, "4,210 units more are served."),
        v.Step("Price and promotions", 31_400.0, True, "The promotion gives price away in other months."),
        v.Step("Material and purchases", -21_000.0, False, "More is bought from Elbtal."),
        v.Step("Backlog and lost sales", 12_000.0, True, "Fewer orders wait."),
    )
    return v.Bridge(
        "Margin from base to proposal", "money", "Base", margin - sum(step.amount for step in steps),
        "Planning's proposal", margin, steps, "Volume carries most of the 118 k EUR.",
        "Each driver is set in turn, in the order shown; the steps add up exactly.",
    )  # fmt: skip


#: Fiscal years begin in September: FY 27 is whole (two closed months), FY 28 has two months.
_SPANS = ((0, 3), (3, 6), (6, 9), (9, 12), (0, 12), (12, 14), (12, 14))


def _year() -> v.FinancialYear:
    def row(name: str, title: str, kind: str, values: tuple[float, ...], direction: str = "up") -> v.YearRow:
        def of(series: tuple[float, ...]) -> tuple[v.Number, ...]:
            return tuple(sum(series[a:b]) if kind == "flow" else series[b - 1] for a, b in _SPANS)

        plan = of(values)
        flat = kind == "balance"
        return v.YearRow(
            name, title, kind, direction, f"{title} of the months of the period", plan,
            (None,) * len(plan) if flat else of(tuple(x + 5_000.0 for x in values)),
            of(tuple(x - 1_000.0 for x in values)),
        )  # fmt: skip

    year = sum(_MARGIN[:12])
    steps = (
        v.Step("Volume", -41_000.0, False, "Fewer units than budgeted."),
        v.Step("Mix", 9_000.0, True, "More mowers in the mix."),
        v.Step("Price", -12_500.0, False, "Prices below budget."),
        v.Step("Cost", -15_500.0, False, "Costs above budget."),
    )
    return v.FinancialYear(
        periods=("FY 27 Q1", "FY 27 Q2", "FY 27 Q3", "FY 27 Q4", "FY 27", "FY 28 Q1", "FY 28"),
        whole=(True, True, True, True, True, False, False),
        years=(False, False, False, False, True, False, True),
        closed=(2, 0, 0, 0, 2, 0, 0),
        rows=(
            row("revenue", "Revenue", "flow", _REVENUE),
            row("variable_cost", "Variable cost", "flow", tuple(c - _FIXED for c in _COST), "down"),
            row("contribution", "Contribution margin", "flow",
                tuple(r - c + _FIXED for r, c in zip(_REVENUE, _COST, strict=True))),
            row("fixed_cost", "Fixed cost", "flow", (_FIXED,) * _T, "down"),
            row("margin", "Margin", "flow", _MARGIN),
            row("stock_value", "Stock value", "balance", _STOCK_VALUE, "down"),
            row("working_capital", "Working capital", "balance", _CAPITAL, "down"),
            row("cash_flow", "Cash flow", "flow", _CASH),
        ),
        main="FY 27",
        sentence="FY 27 closes 60 k EUR below the budgeted margin; volume is two thirds of it.",
        variance=v.Bridge("Margin of FY 27, budget to plan", "money", "Budget", year + 60_000.0, "Plan", year, steps,
                          "Volume costs 41 k EUR.", "Volume, mix, price and cost by family."),
        last_name="estimate of Oct 26",
        remarks=("Closed months: revenue from sales; cost at standard.",),
    )  # fmt: skip


def example(**changes: Any) -> v.Pack:
    """A Pack with everything in it; `changes` replace fields."""
    kpis = _kpis()
    pack = v.Pack(
        company="Larkfield Garden",
        currency=_CURRENCY,
        cycle="2026-11",
        months=MONTHS,
        closed=CLOSED,
        frozen=1,
        title="Planning's proposal",
        proposal="Planning's proposal moves the Mower Weeks to July, buys a tenth more from Padana Plast and sells hand "
        "tools down: 118 k EUR more margin than the base and 3.1 pp more service, 61.5 k EUR short of the budget, for "
        "43 k EUR less stock; two of three decisions are open.",
        sentences=(
            "The plan misses the budgeted margin by 61.5 k EUR.",
            "Demand was agreed on 12 Nov 2026; it has not changed since.",
        ),
        kpis=kpis,
        pictures=_pictures(),
        resources=_resources(),
        families=_families(),
        scenarios=_scenarios(kpis),
        risk=_risk(kpis),
        threats=(
            v.Threat("Mower Line full in spring", "330 mowers wait at the end of May 27: the Mower Line is full.",
                     63_100.0, None, "capacity"),
            v.Threat("Service target", "41 of 100 paths miss the service target of 98 %.", None, 0.41, "target"),
            v.Threat("Padana Plast agrees to a tenth more", "The assumption ends on 31 Jan 2027, before the season.",
                     38_000.0, None, "assumption"),
        ),
        decisions=_decisions(),
        bridge=_bridge(kpis),
        year=_year(),
        assumptions=(
            v.AssumptionLine("Weather", "+3 %", "−2 % to +8 %", "Elena Ricci", "2027-06-30", "open",
                             "Mowers, Mar–Jun 27: +3 % (−2 % to +8 %)."),
            v.AssumptionLine("Padana Plast agrees", "+10 %", "0 % to +10 %", "Ines Vogel", "2027-01-31", "open",
                             "A tenth more a month from Jan 27."),
        ),
        actions=(
            v.ActionLine("A tenth more from Padana Plast", "Ines Vogel, Purchasing", "2027-01-31", "approved",
                         "Decision 2"),
            v.ActionLine("Who trains six more heads", "Marco Ferri, Production", "2026-12-01", "open", "Issue 1"),
        ),
        shortages=(
            ("330 Mowers wait at the end of May 27: the Mower Line is full.", 63_100.0),
            ("210 Mowers wait at the end of Apr 27: the Mower Line is full.", 41_200.0),
        ),
        definitions=tuple(v.Definition(line.title, line.unit, line.formula) for line in kpis)
        + (v.Definition("Last LE", "", "The plan signed in an earlier cycle, else the estimate kept of it"),),
        basis=v.Basis(
            data_version=1, data_fingerprint="d1" * 32, imported="2026-11-20", review=2,
            scenario="Planning's proposal", scenario_revision=3, scenario_json='{"name": "Planning\'s proposal"}',
            plan_fingerprint="f0" * 32, engine="highs 1.17", status="optimal", gap=0.0, code_version="0.5.0",
            packages={"numpy": "2.4.0", "scipy": "1.17.0"}, agreement="Demand agreed by Jonas Keller on 12 Nov 2026.",
            defaults=("No workforce rows for Press 2: no people limit it.",),
        ),
    )  # fmt: skip
    return replace(pack, **changes)


def bare(**changes: Any) -> v.Pack:
    """A newcomer's Pack: sales history alone, so no budget, targets, risk, decisions, resources or year."""
    full = example()
    kpis = tuple(
        replace(line, against=(), value=None if line.name in ("margin_rate", "stock_value") else line.value)
        for line in full.kpis
    )
    keep = {"demand": ("actual", "demand"), "supply": ("demand", "served", "late", "lost", "output"),
            "stock": ("stock",), "money": ("revenue", "margin", "cash", "working_capital")}  # fmt: skip
    pictures = tuple(
        replace(
            picture,
            sentence="Nothing limits supply: no resources were brought."
            if picture.name == "supply"
            else picture.sentence,
            series=tuple(line for line in picture.series if line.name in keep[picture.name]),
        )
        for picture in full.pictures
    )
    pack = replace(
        full,
        company="",
        frozen=0,
        title="Base",
        proposal="The base is proposed: the company as it is, without any Change.",
        sentences=("No budget was brought, so nothing is held against one.",),
        kpis=kpis,
        pictures=pictures,
        resources=(),
        scenarios=(replace(full.scenarios[0], misses={}, recommended=True, sentence="The only scenario."),),
        risk=None,
        threats=(),
        decisions=(),
        bridge=None,
        year=None,
        assumptions=(),
        actions=(),
        shortages=(),
        basis=replace(
            full.basis, scenario="Base", scenario_revision=0, scenario_json="{}", agreement="", review=0
        ),
    )
    return replace(pack, **changes)
