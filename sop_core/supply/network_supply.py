"""The supply side of `Inputs`: sources, resources with their people, lanes, materials."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sop_core.axes import Axes
from sop_core.calendar import MonthArray, month_column, weekdays
from sop_core.inputs import Floats, Lanes, Lots, Materials, Resources, Sources
from sop_core.schema import ALL
from sop_core.snapshot import DefaultUsed, Snapshot

_GROUP = ["item", "site_at", "kind", "rank"]


def sources(
    snapshot: Snapshot, axes: Axes, months: MonthArray, notes: list[DefaultUsed]
) -> tuple[Sources, tuple[str, ...]]:
    """Sources of planning items. At family level, products' sources of one site and kind become one source,
    weighted by share; contractual quantities add up."""
    table = snapshot.table("sources")
    rows = table[table["active"].astype(bool)].copy()
    rows["item"] = axes.item_at(rows["product"])
    rows["site_at"] = axes.at(rows["site"], axes.sites)
    if axes.items.level == "product":
        rows["rank"] = np.arange(len(rows))
    else:
        rows = rows.sort_values(["unit_cost", "source"], kind="stable")
        rows["rank"] = rows.groupby(["product", "site", "kind"]).cumcount()
        rows = rows.sort_values(_GROUP, kind="stable")
    share = axes.share_of(rows["product"])
    group = rows.groupby(_GROUP, sort=False).ngroup().to_numpy()
    count = int(group.max()) + 1 if len(rows) else 0
    covered = np.bincount(group, share, minlength=count)
    even = np.bincount(group, minlength=count)
    # Products without recent volume still share their group evenly.
    weight = np.where(
        covered[group] > 0, share / np.where(covered > 0, covered, 1.0)[group], 1.0 / even[group]
    )
    first = pd.Series(np.arange(len(rows))).groupby(group).first().to_numpy()

    def total(values: Floats) -> Floats:
        return np.bincount(group, values, minlength=count).astype(float)

    def blend(column: str) -> Floats:
        return total(weight * rows[column].to_numpy(dtype=float))

    labels = _labels(rows.iloc[first], axes) if count else ()
    horizon = len(months)
    least = total(rows["min_quantity"].fillna(0.0).to_numpy(dtype=float))
    most = total(rows["max_quantity"].fillna(np.inf).to_numpy(dtype=float))
    routing = snapshot.table("routings")
    position = pd.Series(np.arange(len(rows)), index=rows["source"].to_numpy(), dtype="float64")
    place = routing["source"].map(position)
    # A resource that no list holds (its source is unknown as well) limits nothing.
    listed = routing["resource"].isin(axes.resources)
    used = place.notna() & listed & (routing["hours_per_unit"] > 0)
    row_at = place[used].to_numpy().astype(int)
    by_row = pd.DataFrame(
        {
            "source": group[row_at],
            "resource": axes.at(routing.loc[used, "resource"], axes.resources),
            "hours": weight[row_at] * routing.loc[used, "hours_per_unit"].to_numpy(dtype=float),
        }
    )
    hours: pd.DataFrame = by_row.groupby(["source", "resource"]).sum().reset_index()
    _note_unrouted(rows, routing, notes)
    head = rows.iloc[first]
    built = Sources(
        item=head["item"].to_numpy(dtype=np.int64),
        site=head["site_at"].to_numpy(dtype=np.int64),
        kind=tuple(head["kind"]),
        supplier=tuple(head["supplier"]),
        lead=np.rint(blend("lead_months")).astype(np.int64),
        unit_cost=np.repeat(blend("unit_cost")[:, None], horizon, axis=1),
        min_quantity=np.repeat(least[:, None], horizon, axis=1),
        max_quantity=np.repeat(most[:, None], horizon, axis=1),
        routing_source=hours["source"].to_numpy(dtype=np.int64),
        routing_resource=hours["resource"].to_numpy(dtype=np.int64),
        routing_hours=hours["hours"].to_numpy(dtype=float),
        assumed=np.zeros(count, dtype=bool),
        lots=_lots(snapshot, axes, head, notes),
    )
    return _with_assumed(built, labels, snapshot, axes, horizon, notes)


def _lots(snapshot: Snapshot, axes: Axes, head: pd.DataFrame, notes: list[DefaultUsed]) -> Lots | None:
    """Lots and setups of the sources, where the settings ask for them; a family has none of its own."""
    if not snapshot.settings.lot_sizing:
        return None
    if axes.items.level != "product":
        notes.append(
            DefaultUsed(
                "sources", "lot_size", "none", len(head),
                "planned by family: lots and setups belong to products and do not count (settings: planning_level)",
            )
        )  # fmt: skip
        return None

    def column(name: str) -> Floats:
        return head[name].fillna(0.0).to_numpy(dtype=float)

    return Lots(column("lot_size"), column("setup_hours"), column("setup_cost"))


def _labels(head: pd.DataFrame, axes: Axes) -> tuple[str, ...]:
    if axes.items.level == "product":
        return tuple(head["source"])
    return tuple(
        f"{kind} {axes.items.names[i]} at {site}" + (f" ({rank + 1})" if rank else "")
        for kind, i, site, rank in zip(head["kind"], head["item"], head["site"], head["rank"], strict=True)
    )


def _note_unrouted(rows: pd.DataFrame, routing: pd.DataFrame, notes: list[DefaultUsed]) -> None:
    made = rows[(rows["kind"] == "make") & ~rows["source"].isin(set(routing["source"]))]
    if len(made) and len(routing):
        shown = ", ".join(made["product"].head(3))
        notes.append(
            DefaultUsed(
                "routings", "", "no hours", len(made), f"made without a routing ({shown}): takes no capacity"
            )
        )


def _with_assumed(
    built: Sources,
    labels: tuple[str, ...],
    snapshot: Snapshot,
    axes: Axes,
    horizon: int,
    notes: list[DefaultUsed],
) -> tuple[Sources, tuple[str, ...]]:
    """Adds a purchase without limit at unit_cost for items that have no source, at the sites that deliver."""
    missing = np.setdiff1d(np.arange(len(axes.items.names)), built.item)
    if not len(missing):
        return built, labels
    lane_table = snapshot.table("lanes")
    origin = axes.at(lane_table["origin"], axes.sites)
    delivers = np.unique(origin[axes.at(lane_table["destination"], axes.regions) >= 0])
    sites = delivers if len(delivers) else np.zeros(1, dtype=np.int64)
    item = np.repeat(missing, len(sites))
    site = np.tile(sites, len(missing))
    products = snapshot.table("products").set_index("product")["unit_cost"]
    cost = np.array([sum(axes.items.share[p] * products[p] for p in axes.items.products[i]) for i in item])
    count = len(item)
    shown = ", ".join(axes.items.names[i] for i in missing[:3])
    notes.append(
        DefaultUsed(
            "sources",
            "",
            "bought without limit",
            len(missing),
            f"no source ({shown}): bought at its unit_cost, at once",
        )
    )
    return (
        Sources(
            item=np.concatenate([built.item, item]),
            site=np.concatenate([built.site, site]),
            kind=built.kind + ("buy",) * count,
            supplier=built.supplier + ("",) * count,
            lead=np.concatenate([built.lead, np.zeros(count, dtype=np.int64)]),
            unit_cost=np.concatenate([built.unit_cost, np.repeat(cost[:, None], horizon, axis=1)]),
            min_quantity=np.concatenate([built.min_quantity, np.zeros((count, horizon))]),
            max_quantity=np.concatenate([built.max_quantity, np.full((count, horizon), np.inf)]),
            routing_source=built.routing_source,
            routing_resource=built.routing_resource,
            routing_hours=built.routing_hours,
            assumed=np.concatenate([built.assumed, np.ones(count, dtype=bool)]),
            lots=None if built.lots is None else built.lots.and_none(count),
        ),
        labels
        + tuple(
            f"buy {axes.items.names[i]} at {axes.sites[s]} (assumed)" for i, s in zip(item, site, strict=True)
        ),
    )


def resources(snapshot: Snapshot, axes: Axes, months: MonthArray, notes: list[DefaultUsed]) -> Resources:
    """Resources with their months and the people behind them."""
    table = snapshot.table("resources")
    horizon, count = len(months), len(table)
    work = snapshot.table("workforce").set_index("resource").reindex(table["resource"])
    people = work["headcount"].notna().to_numpy()
    site = axes.at(table["site"], axes.sites)
    overtime = table["overtime_hours"].to_numpy(dtype=float)
    by_head = people & work["overtime_per_head"].notna().to_numpy()
    overtime = np.where(np.isnan(overtime), np.where(by_head, np.inf, 0.0), overtime)
    hours = _monthly(table["hours"].fillna(np.inf).to_numpy(dtype=float), horizon)
    overtime_hours = _monthly(overtime, horizon)
    _capacity_months(snapshot, axes, months, hours, overtime_hours)
    days = _working_days(snapshot, axes, months)[site] if count else np.zeros((0, horizon))
    per_day = work["hours_per_day"].fillna(8.0).to_numpy(dtype=float)
    fixed = work["hours_per_head"].to_numpy(dtype=float)
    per_head = np.where(np.isnan(fixed)[:, None], per_day[:, None] * days, np.nan_to_num(fixed)[:, None])
    assumed = people & work["hours_per_head"].isna().to_numpy() & work["hours_per_day"].isna().to_numpy()
    if assumed.any():
        notes.append(
            DefaultUsed(
                "workforce", "hours_per_day", "8", int(assumed.sum()), "regular hours a day of one head"
            )
        )
    wage = work["wage"].to_numpy(dtype=float)
    hour_cost = table["hour_cost"].to_numpy(dtype=float)
    from_hours = hour_cost[:, None] * per_head
    if (people & np.isnan(wage)).any():
        blank = int((people & np.isnan(wage)).sum())
        notes.append(DefaultUsed("workforce", "wage", "hour_cost x hours", blank, "wage of one head a month"))
    for name in ("capacity", "workforce"):
        own = snapshot.table(name)["resource"]
        stray = own[~own.isin(axes.resources)]
        if len(stray):
            why = f"not in resources ({', '.join(stray.unique()[:3])}): limits nothing and costs nothing"
            notes.append(DefaultUsed(name, "resource", "left out", len(stray), why))
    shift_hours = table["shift_hours"].to_numpy(dtype=float)
    return Resources(
        site=site,
        hours=hours,
        overtime_hours=overtime_hours,
        hour_cost=hour_cost,
        overtime_cost=table["overtime_cost"].to_numpy(dtype=float),
        shift_hours=shift_hours,
        shift_cost=table["shift_cost"].to_numpy(dtype=float),
        max_shifts=_monthly((shift_hours > 0).astype(float), horizon),
        outage=np.zeros((count, horizon)),
        people=people,
        headcount=work["headcount"].fillna(0.0).to_numpy(dtype=float),
        hours_per_head=np.where(people[:, None], per_head, 0.0),
        overtime_per_head=_monthly(work["overtime_per_head"].to_numpy(dtype=float), horizon),
        wage=np.where(people[:, None], np.where(np.isnan(wage)[:, None], from_hours, wage[:, None]), 0.0),
        hire_cost=work["hire_cost"].fillna(0.0).to_numpy(dtype=float),
        release_cost=work["release_cost"].fillna(0.0).to_numpy(dtype=float),
        min_headcount=_monthly(work["min_headcount"].fillna(0.0).to_numpy(dtype=float), horizon),
        max_headcount=_monthly(work["max_headcount"].fillna(np.inf).to_numpy(dtype=float), horizon),
        can_hire=np.repeat(people[:, None], horizon, axis=1),
        can_release=np.repeat(people[:, None], horizon, axis=1),
    )


def _monthly(values: Floats, horizon: int) -> Floats:
    return np.repeat(values[:, None], horizon, axis=1)


def _capacity_months(
    snapshot: Snapshot, axes: Axes, months: MonthArray, hours: Floats, overtime_hours: Floats
) -> None:
    table = snapshot.table("capacity")
    if not len(table):
        return
    at = (month_column(table["month"]) - months[0]).astype(int)
    q = axes.at(table["resource"], axes.resources)
    for column, into in (("hours", hours), ("overtime_hours", overtime_hours)):
        values = table[column].to_numpy(dtype=float)
        ok = (at >= 0) & (at < len(months)) & (q >= 0) & ~np.isnan(values)
        into[q[ok], at[ok]] = values[ok]


def _working_days(snapshot: Snapshot, axes: Axes, months: MonthArray) -> Floats:
    """[s, t] working days: Mondays to Fridays where the calendar has no row; a site's own row wins."""
    out = np.repeat(weekdays(months)[None, :], len(axes.sites), axis=0)
    table = snapshot.table("calendar")
    if len(table):
        at = (month_column(table["month"]) - months[0]).astype(int)
        ok = (at >= 0) & (at < len(months))
        everywhere = ok & (table["site"] == ALL).to_numpy()
        days = table["working_days"].to_numpy(dtype=float)
        given = ~np.isnan(days)
        out[:, at[everywhere & given]] = days[everywhere & given]
        s = axes.at(table["site"], axes.sites)
        own = ok & (s >= 0) & given
        out[s[own], at[own]] = days[own]
    return out


def lanes(snapshot: Snapshot, axes: Axes, months: MonthArray, notes: list[DefaultUsed]) -> Lanes:
    """Lanes as given; none: every site serves every region at once and for nothing."""
    table = snapshot.table("lanes")
    horizon = len(months)
    to_region = axes.at(table["destination"], axes.regions)
    to_site = np.where(to_region >= 0, -1, axes.at(table["destination"], axes.sites))
    origin = axes.at(table["origin"], axes.sites)
    cost = table["unit_cost"].to_numpy(dtype=float)
    lead = table["lead_months"].to_numpy(dtype=float).astype(np.int64)
    most = table["max_quantity"].fillna(np.inf).to_numpy(dtype=float)
    everywhere = not len(table)
    if everywhere:
        notes.append(
            DefaultUsed("lanes", "", "none", 1, "no lanes: every site serves every region at no cost")
        )
    elif not (to_region >= 0).any():
        kinds = snapshot.table("sites")["kind"].to_numpy()
        deliver = (
            np.flatnonzero(kinds == "warehouse")
            if (kinds == "warehouse").any()
            else np.arange(len(axes.sites))
        )
        pairs = len(deliver) * len(axes.regions)
        origin = np.concatenate([origin, np.repeat(deliver, len(axes.regions))])
        to_region = np.concatenate([to_region, np.tile(np.arange(len(axes.regions)), len(deliver))])
        to_site = np.concatenate([to_site, np.full(pairs, -1)])
        cost, lead = (
            np.concatenate([cost, np.zeros(pairs)]),
            np.concatenate([lead, np.zeros(pairs, dtype=np.int64)]),
        )
        most = np.concatenate([most, np.full(pairs, np.inf)])
        notes.append(
            DefaultUsed(
                "lanes",
                "destination",
                "added",
                pairs,
                "no lane reaches a region: every warehouse delivers at no cost",
            )
        )
    else:
        unreached = [r for n, r in enumerate(axes.regions) if n not in set(to_region) and r != ALL]
        if unreached:
            shown = ", ".join(unreached[:3])
            notes.append(
                DefaultUsed(
                    "lanes", "", "unreached", len(unreached), f"no lane reaches {shown}: its demand is lost"
                )
            )
    return Lanes(
        origin=origin.astype(np.int64),
        to_site=to_site.astype(np.int64),
        to_region=to_region.astype(np.int64),
        lead=lead,
        unit_cost=_monthly(cost, horizon),
        max_quantity=_monthly(most, horizon),
        everywhere=everywhere,
    )


def materials(
    snapshot: Snapshot, axes: Axes, months: MonthArray, source: Sources, source_names: tuple[str, ...]
) -> Materials:
    """Materials per supplier, and what one unit started from each make source takes."""
    table = snapshot.table("materials")
    axis = tuple(dict.fromkeys(table["material"]))
    horizon = len(months)
    bom = snapshot.table("bom")
    item, share = axes.item_at(bom["product"]), axes.share_of(bom["product"])
    where = axes.at(bom["site"], axes.sites)
    what = axes.at(bom["material"], axis)
    made = np.flatnonzero(np.array(source.kind) == "make") if len(source.kind) else np.array([], dtype=int)
    usage = []
    for j in np.flatnonzero((item >= 0) & (what >= 0)):
        takes = made[(source.item[made] == item[j]) & ((where[j] < 0) | (source.site[made] == where[j]))]
        usage += [(k, what[j], share[j] * float(bom["quantity_per"].iloc[j])) for k in takes]
    by_row = pd.DataFrame(usage, columns=["source", "material", "quantity"])
    frame: pd.DataFrame = by_row.groupby(["source", "material"]).sum().reset_index()
    frame = frame[frame["quantity"] > 0]
    on_hand = np.zeros(len(axis))
    np.add.at(on_hand, axes.at(table["material"], axis), table["on_hand"].to_numpy(dtype=float))
    return Materials(
        material=axes.at(table["material"], axis),
        supplier=tuple(table["supplier"]),
        lead=table["lead_months"].to_numpy(dtype=float).astype(np.int64),
        unit_cost=table["unit_cost"].to_numpy(dtype=float),
        min_quantity=_monthly(table["min_quantity"].fillna(0.0).to_numpy(dtype=float), horizon),
        max_quantity=_monthly(table["max_quantity"].fillna(np.inf).to_numpy(dtype=float), horizon),
        on_hand=on_hand,
        usage_source=frame["source"].to_numpy(dtype=np.int64),
        usage_material=frame["material"].to_numpy(dtype=np.int64),
        usage_quantity=frame["quantity"].to_numpy(dtype=float),
    )
