"""Companies that are odd in one way each, for the pages to stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd

Tables = dict[str, pd.DataFrame]

_END = pd.Timestamp("2026-10-01")
_SEASON = 100.0 * (1 + 0.3 * np.sin(2 * np.pi * np.arange(12) / 12))


def _months(count: int, end: pd.Timestamp = _END) -> pd.DatetimeIndex:
    return pd.date_range(end=end, periods=count, freq="MS")


def _rows(
    product: str, values: Sequence[float], end: pd.Timestamp = _END, **more: object
) -> list[dict[str, object]]:
    months = _months(len(values), end)
    return [
        {"month": m, "product": product, "quantity": float(q), **more}
        for m, q in zip(months, values, strict=True)
    ]


def _seasonal(count: int) -> list[float]:
    return [float(round(_SEASON[n % 12])) for n in range(count)]


def _company(
    *rows: list[dict[str, object]], products: pd.DataFrame | None = None, **more: pd.DataFrame
) -> Tables:
    """A usual product, Anvil, beside what is odd."""
    every = [row for part in (_rows("Anvil", _seasonal(36)), *rows) for row in part]
    tables: Tables = {"sales": pd.DataFrame(every)}
    if products is not None:
        tables["products"] = products
    return tables | more


def _products(*names: str, **columns: object) -> pd.DataFrame:
    return pd.DataFrame({"product": ["Anvil", *names], "price": 10.0, "unit_cost": 4.0}).assign(**columns)


def family_without_history() -> Tables:
    return _company(products=_products("Ghost", family=["Iron", "Ghosts"]))


def series_of_zeros() -> Tables:
    return _company(_rows("Zero", [0.0] * 36), products=_products("Zero"))


def one_month() -> Tables:
    return _company(_rows("Young", [12.0]), products=_products("Young"))


def one_month_alone() -> Tables:
    return {"sales": pd.DataFrame(_rows("Young", [12.0]))}


def long_gap() -> Tables:
    values = _seasonal(48)
    values[20:34] = [0.0] * 14
    rows = [row for row, q in zip(_rows("Gap", values), values, strict=True) if q]
    return _company(rows, products=_products("Gap"))


def level_shift() -> Tables:
    return _company(_rows("Shift", [20.0] * 24 + [200.0] * 12), products=_products("Shift"))


def negative_months() -> Tables:
    return _company(_rows("Returns", [-5.0] * 24), products=_products("Returns"))


def nothing_but_returns() -> Tables:
    return {"sales": pd.DataFrame(_rows("Returns", [-5.0] * 24))}


def twenty_years() -> Tables:
    return _company(_rows("Old", _seasonal(240)), products=_products("Old"))


def ten_regions() -> Tables:
    rows = [row for n in range(10) for row in _rows("Anvil", _seasonal(30), region=f"Region {n}")]
    return {"sales": pd.DataFrame(rows), "products": _products()}


def without_price_or_cost() -> Tables:
    return _company(_rows("Bare", _seasonal(30)), products=pd.DataFrame({"product": ["Anvil", "Bare"]}))


def launch_without_like() -> Tables:
    launch = pd.DataFrame({"product": ["New"], "month": [_END + pd.DateOffset(months=3)], "stage": ["ready"]})
    return _company(products=_products("New"), launches=launch)


def promotion_on_unknown_family() -> Tables:
    promotion = pd.DataFrame(
        {
            "promotion": ["Ghost sale", "Old sale"], "family": ["Nobody", "Nobody"], "uplift": [0.3, 0.3],
            "start": [pd.Timestamp("2026-12-01"), pd.Timestamp("2026-03-01")],
            "end": [pd.Timestamp("2026-12-31"), pd.Timestamp("2026-03-31")],
        }
    )  # fmt: skip
    return _company(promotions=promotion)  # with a list of products, the import refuses the row and says so


def past_forecasts_elsewhere() -> Tables:
    past = pd.DataFrame(
        {
            "cycle": pd.Timestamp("2015-01-01"), "month": _months(12, pd.Timestamp("2015-12-01")),
            "product": "Anvil", "step": "consensus", "quantity": 50.0, "owner": "Ada",
        }
    )  # fmt: skip
    return _company(products=_products(), past_forecasts=past)


def one_sale_each() -> Tables:
    months = _months(36)
    rows = [{"month": months[n % 36], "product": f"P{n:03}", "quantity": 1.0 + n % 7} for n in range(300)]
    return {"sales": pd.DataFrame(rows)}


ODD: Mapping[str, Callable[[], Tables]] = MappingProxyType(
    {
        made.__name__: made
        for made in (
            family_without_history, series_of_zeros, one_month, one_month_alone, long_gap, level_shift,
            negative_months, nothing_but_returns, twenty_years, ten_regions, without_price_or_cost,
            launch_without_like, promotion_on_unknown_family, past_forecasts_elsewhere, one_sale_each,
        )
    }
)  # fmt: skip
