"""There is something to decide: the arithmetic of the four tensions, and money in proportion."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sop_core import demo
from sop_core.calendar import weekdays

Tables = dict[str, pd.DataFrame]
TODAY = pd.Timestamp("2026-10-01")  # the last closed month
SPRING = pd.to_datetime(["2027-03-01", "2027-04-01", "2027-05-01"])


@pytest.fixture(scope="module")
def tables() -> Tables:
    return demo.build()


def budget_units(tables: Tables) -> pd.DataFrame:
    """[month, product] units of the family budgets, split by the last year's order mix; launch left out."""
    orders = tables["orders"].merge(tables["products"][["product", "family"]], on="product")
    closed = orders[orders["due_on"] < "2026-11-01"]
    mix = closed.groupby(["family", "product"])["quantity"].sum()
    mix = mix / mix.groupby(level="family").transform("sum")
    families = tables["budget"].pivot_table(index="month", columns="family", values="quantity", aggfunc="sum")
    return pd.DataFrame({product: families[family] * part for (family, product), part in mix.items()})


def stock_today(tables: Tables) -> pd.Series:
    """[product] units in stock at the end of the last closed month."""
    held = tables["inventory"]
    return held[held["month"] == TODAY].groupby("product")["quantity"].sum()


def last_year(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of the last twelve closed months."""
    return frame[(frame["month"] > TODAY - pd.DateOffset(years=1)) & (frame["month"] <= TODAY)]


def hours(tables: Tables, months: pd.DatetimeIndex) -> pd.DataFrame:
    """[month, resource] regular + overtime hours at today's headcount."""
    days = weekdays(months.to_numpy().astype("datetime64[M]"))
    capacity = tables["capacity"].set_index(["resource", "month"])
    people = tables["workforce"].set_index("resource")
    out = {}
    for row in tables["resources"].itertuples():
        regular = np.full(len(months), np.inf if np.isnan(row.hours) else row.hours)
        over = np.full(len(months), row.overtime_hours)
        for t, month in enumerate(months):
            if (row.resource, month) in capacity.index:
                own = capacity.loc[(row.resource, month)]
                regular[t] = regular[t] if np.isnan(own["hours"]) else own["hours"]
                over[t] = over[t] if np.isnan(own["overtime_hours"]) else own["overtime_hours"]
        if row.resource in people.index:
            calendar = tables["calendar"].query("site == @row.site").set_index("month")["working_days"]
            worked = calendar.reindex(months).fillna(pd.Series(days, index=months)).to_numpy()
            heads = people.loc[row.resource]
            regular = np.minimum(regular, heads["headcount"] * heads["hours_per_day"] * worked)
            over = np.minimum(over, heads["headcount"] * heads["overtime_per_head"])
        out[row.resource] = regular + over
    return pd.DataFrame(out, index=months)


def needed(tables: Tables, units: pd.DataFrame) -> pd.DataFrame:
    """[month, resource] hours for these units from each product's usual source."""
    usual = tables["sources"].drop_duplicates("product").merge(tables["routings"], on="source")
    matrix = usual.pivot_table(index="product", columns="resource", values="hours_per_unit").fillna(0.0)
    return units.reindex(columns=matrix.index, fill_value=0.0) @ matrix


def test_spring_asks_more_than_the_mower_line_has_and_no_other_resource(tables: Tables) -> None:
    load = needed(tables, budget_units(tables).loc[SPRING])
    there = hours(tables, SPRING)[load.columns]
    over = load.sum() / there.sum()
    assert over["Mower Line"] > 1.3
    assert (over.drop("Mower Line") < 1.0).all()
    assert ((load / there).drop(columns="Mower Line") < 1.05).all().all()


def test_building_ahead_with_overtime_covers_part_of_it_but_not_all(tables: Tables) -> None:
    months = pd.date_range("2026-11-01", "2027-05-01", freq="MS")
    load = needed(tables, budget_units(tables).loc[months])["Mower Line"]
    there = hours(tables, months)["Mower Line"]
    opening = needed(tables, stock_today(tables).to_frame().T)["Mower Line"].iloc[0]
    covered = (there.sum() + opening) / load.sum()
    assert 0.75 < covered < 0.97
    alone = hours(tables, SPRING)["Mower Line"].sum() / load.loc[SPRING].sum()
    assert covered > alone + 0.2
    changeover = there.loc["2026-11-01":"2027-01-01"]
    assert (changeover < 0.7 * there.loc["2027-03-01"]).all()


def test_other_resources_are_used_well_but_not_full(tables: Tables) -> None:
    horizon = pd.date_range("2026-11-01", periods=18, freq="MS")
    load = needed(tables, budget_units(tables).loc[horizon])
    regular = hours(tables, horizon)[load.columns]
    part = (load.sum() / regular.sum()).drop("Mower Line")
    assert part.between(0.5, 0.9).all()


def test_irrigation_outgrows_its_contract_and_the_second_supplier_just_closes_the_gap(tables: Tables) -> None:
    contract = tables["sources"].query("supplier == 'Padana Plast'").set_index("product")
    second = tables["sources"].query("supplier == 'Eastgrove'").set_index("product")
    units = budget_units(tables)[contract.index.tolist()].sum(axis=1)
    year = units.loc["2027-01-01":"2027-12-01"]
    most, least = contract["max_quantity"].sum(), contract["min_quantity"].sum()
    assert 1.0 < year.mean() / most < 1.1
    assert 0.9 < year.mean() / (most + second["max_quantity"].sum()) < 1.0
    assert (year.loc["2027-04-01":"2027-08-01"] > most).all()
    assert (year.loc["2027-01-01":"2027-02-01"] < 0.75 * most).all()
    assert least < 0.6 * most
    assert (second["unit_cost"] > 1.15 * contract["unit_cost"].reindex(second.index)).all()


def test_hand_tools_lie_far_longer_than_anything_else(tables: Tables) -> None:
    family = tables["products"].set_index("product")["family"]
    held = stock_today(tables).groupby(family).sum()
    sold = last_year(tables["sales"]).groupby("product")["quantity"].sum().groupby(family).sum()
    cover = 12 * held / sold
    assert cover["Hand tools"] > 6
    assert (cover.drop("Hand tools") < 2).all()


def test_the_planned_promotion_lies_in_the_peak_and_its_forerunners_did_not(tables: Tables) -> None:
    weeks = tables["promotions"].query("promotion.str.startswith('Mower Weeks')").sort_values("start")
    assert weeks.iloc[-1]["start"] == pd.Timestamp("2027-05-01")
    assert weeks.iloc[:-1]["start"].dt.month.eq(6).all()
    months = pd.DatetimeIndex(["2027-05-01", "2027-07-01"])
    load = needed(tables, budget_units(tables).loc[months])["Mower Line"]
    there = hours(tables, months)["Mower Line"]
    uplift = 1 + weeks.iloc[-1]["uplift"]
    assert load.iloc[0] * uplift > 1.5 * there.iloc[0]
    assert load.iloc[1] * uplift < there.iloc[1]


def test_a_moved_promotion_pays_where_there_are_hours_and_not_where_there_are_none(tables: Tables) -> None:
    """Contribution of the family in the month, with what is bought early taken off the next one."""
    weeks = tables["promotions"].query("promotion == 'Mower Weeks 2027'").iloc[0]
    mowers = tables["products"].query("family == 'Mowers'").set_index("product")
    units = budget_units(tables)
    material = tables["sources"].drop_duplicates("product").set_index("product")["unit_cost"]

    def gain(month: str, served: float) -> float:
        sold = units.loc[month, units.columns.intersection(mowers.index)]
        price, cost = mowers["price"].reindex(sold.index), material.reindex(sold.index)
        base = (sold * (price - cost)).sum()
        with_it = (sold * (1 + weeks["uplift"] * served) * (price * (1 + weeks["price_change"]) - cost)).sum()
        after = units.loc[pd.Timestamp(month) + pd.DateOffset(months=1), sold.index]
        early = weeks["pull_forward"] * (after * (price - cost)).sum()
        return float(with_it - base - early - weeks["cost"])

    assert gain("2027-05-01", served=0.0) < -100_000
    assert gain("2027-07-01", served=1.0) > 50_000


def test_past_promotions_can_be_seen_in_sales(tables: Tables) -> None:
    sold = tables["sales"].pivot_table(index="month", columns="product", values="quantity", aggfunc="sum")
    april = (sold["GRL-G3"] / sold["GRL-G2"])[sold.index.month == 4]
    years = tables["promotions"].query("promotion.str.startswith('Grill Opener')")["start"].dt.year
    ran = april.index.year.isin(years)
    assert ran.sum() == 3
    assert april[ran].mean() > 1.15 * april[~ran].mean()


def test_money_is_in_proportion(tables: Tables) -> None:
    year = last_year(tables["sales"])
    revenue = year["revenue"].sum()
    assert 60e6 < revenue < 120e6
    material = tables["sources"].drop_duplicates("product").set_index("product")["unit_cost"]
    sold = year.groupby("product")["quantity"].sum()
    goods = (sold * material.reindex(sold.index)).sum()
    wages = 12 * (tables["workforce"]["headcount"] * tables["workforce"]["wage"]).sum()
    machine = tables["resources"].set_index("resource")["hour_cost"]
    capacity = last_year(tables["capacity"])
    machines = (capacity["worked_hours"] * machine.reindex(capacity["resource"]).to_numpy()).sum()
    stock = last_year(tables["inventory"]).groupby("month")["value"].sum().mean()
    lane = tables["lanes"].set_index(["origin", "destination"])["unit_cost"]
    assert 0.01 < sold.sum() * lane["Brescia", "Kassel"] / revenue < 0.04
    transport = sold.sum() * (lane["Brescia", "Kassel"] + lane["Kassel", "DACH"])
    margin = 1 - (goods + wages + machines + transport + 0.20 * stock) / revenue
    assert 0.30 < margin < 0.45
    assert 0.03 < wages / revenue < 0.12
    assert 3 < goods / stock < 14


def test_every_product_earns_its_material_and_hours(tables: Tables) -> None:
    products = tables["products"]
    rate = 1 - products["unit_cost"] / products["price"]
    assert rate.between(0.25, 0.60).all()
    others = tables["sources"].iloc[len(products) :]
    alternatives = others.merge(products, on="product", suffixes=("", "_standard"))
    assert (alternatives["unit_cost"] < alternatives["price"]).all()


def test_budgets_reach_two_years_beyond_the_running_one(tables: Tables) -> None:
    budget = tables["budget"]
    assert sorted(budget["month"].dt.year.unique()) == [2026, 2027, 2028]
    whole = budget[budget["month"].dt.year == 2027]
    assert 70e6 < whole["revenue"].sum() < 110e6
    assert 0.30 < whole["margin"].sum() / whole["revenue"].sum() < 0.45


def test_one_price_change_is_planned_and_the_list_ends_where_products_stand_today(tables: Tables) -> None:
    prices = tables["prices"].sort_values("month")
    ahead = prices[prices["month"] > TODAY]
    listed = prices[prices["month"] <= TODAY].groupby("product")["price"].last()
    today = tables["products"].set_index("product")["price"]
    pd.testing.assert_series_equal(listed, today.reindex(listed.index), check_names=False)
    raised = ahead[ahead["product"].isin(listed.index)]
    assert set(raised["month"]) == {pd.Timestamp("2027-02-01")}
    assert set(raised["product"]) == set(tables["products"].query("family == 'Irrigation'")["product"])
