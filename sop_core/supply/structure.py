"""Columns, rows and coefficients' places of the supply model, from a shape; no money, no quantities.

Everything is index arithmetic on blocks: a block is a rectangle of columns (or rows), one line per thing
(source, lane flow, stock point, demand class...) and one position per month.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp

from sop_core.inputs import Floats, Inputs, Ints
from sop_core.supply.shape import Shape


@dataclass(frozen=True, slots=True)
class Block:
    """`lines` x `width` consecutive columns or rows from `start` on."""

    start: int
    lines: int
    width: int

    @property
    def stop(self) -> int:
        return self.start + self.lines * self.width

    @property
    def slice(self) -> slice:
        return slice(self.start, self.stop)

    def at(self, line: Ints | int, position: Ints | int = 0) -> Ints:
        """Index of a line's position; both broadcast."""
        return np.asarray(self.start + line * self.width + position, dtype=np.int64)

    def of(self, values: Floats) -> Floats:
        """This block of a vector over all columns (rows), as [line, position]; a view."""
        return values[self.slice].reshape(self.lines, self.width)


@dataclass(slots=True)
class _Axis:
    blocks: dict[str, Block] = field(default_factory=dict)
    size: int = 0

    def add(self, name: str, lines: int, width: int) -> None:
        block = Block(self.size, lines, max(width, 0))
        self.blocks[name] = block
        self.size = block.stop


class Structure:
    """Index arrays of one model; `cols[...]`, `rows[...]` are its blocks. Read-only after building.

    Points (pairs of positions behind the lines of the blocks):
        point_item, point_site      stock points
        flow_item, flow_lane        flows, lanes being the model's own (see `lane_*`)
        wait_*, lost_*              demand classes that wait, that do not: item, zone, class_
        zone_item, zone_zone        demand points
    """

    def __init__(self, inputs: Inputs, shape: Shape) -> None:
        self.shape = shape
        self.horizon = inputs.horizon
        self.n_zones = int(shape.zone.max(initial=-1)) + 1
        self.n_classes = int(shape.class_.max(initial=-1)) + 1
        self._lanes(inputs)
        self._points(inputs)
        self._blocks(inputs)
        self._coefficients(inputs)

    # ---- things -----------------------------------------------------------------------------------

    def _lanes(self, inputs: Inputs) -> None:
        lane, n_sites = inputs.lane, len(inputs.site_names)
        if lane.everywhere:
            site, zone = np.divmod(np.arange(n_sites * self.n_zones), max(self.n_zones, 1))
            self.lane_origin, self.lane_zone = site, zone
            self.lane_site = np.full(len(site), -1)
            self.lane_lead = np.zeros(len(site), dtype=np.int64)
            self.lane_given = np.full(len(site), -1)
        else:
            self.lane_origin, self.lane_site, self.lane_lead = lane.origin, lane.to_site, lane.lead
            zone = np.full(len(lane.origin), -1)
            regional = lane.to_region >= 0
            zone[regional] = self.shape.zone[lane.to_region[regional]]
            self.lane_zone, self.lane_given = zone, np.arange(len(lane.origin))

    def _points(self, inputs: Inputs) -> None:
        shape = self.shape
        self.point_item, self.point_site = np.nonzero(shape.stocked)
        self.point = _positions(shape.stocked)
        self.layered = np.flatnonzero((shape.targeted | shape.leftover)[self.point_item, self.point_site])
        self.leftover = np.flatnonzero(shape.leftover[self.point_item, self.point_site])
        self.end_points = np.flatnonzero(shape.end_minimum[self.point_item, self.point_site])

        sold = np.zeros((len(inputs.items), self.n_zones, self.n_classes), dtype=bool)
        item, region, segment = np.nonzero(shape.sold)
        sold[item, shape.zone[region], shape.class_[segment]] = True
        in_zone = np.asarray(sold.any(axis=2), dtype=np.bool_)
        self.zone_item, self.zone_zone = np.nonzero(in_zone)
        self.zone_point = _positions(in_zone)
        waits = np.zeros(self.n_classes, dtype=bool)
        waits[shape.class_] = inputs.segment_waits
        self.class_priority = np.zeros(self.n_classes, dtype=np.int64)
        self.class_priority[shape.class_] = inputs.segment_priority
        self.wait_item, self.wait_zone, self.wait_class = np.nonzero(sold & waits)
        self.lost_item, self.lost_zone, self.lost_class = np.nonzero(sold & ~waits)
        # With one class in a zone, what arrives bounds the backlog; with several, each needs its own row.
        crowded = np.asarray(sold.sum(axis=2) > 1, dtype=np.bool_)
        self.crowded = np.flatnonzero(crowded[self.wait_item, self.wait_zone])

        to_site, to_zone = self.lane_site >= 0, self.lane_zone >= 0
        useful = shape.stocked[:, self.lane_origin]
        useful[:, to_site] &= shape.stocked[:, self.lane_site[to_site]]
        useful[:, to_zone] &= in_zone[:, self.lane_zone[to_zone]]
        useful[:, to_site] &= (self.lane_site != self.lane_origin)[to_site]
        useful[:, self.lane_lead >= self.horizon] = False
        self.flow_item, self.flow_lane = np.nonzero(useful)

        self.contracts = np.flatnonzero(shape.contract)
        self.material_contracts = np.flatnonzero(shape.material_contract)
        self.limited_lanes = np.flatnonzero(shape.lane_limit)
        self.limited_sites = np.flatnonzero(shape.storage_limit)
        self.staffed = np.flatnonzero(inputs.resource.people)
        self.committed_item, self.committed_site, self.committed_month = np.nonzero(shape.committed)

    # ---- columns and rows ---------------------------------------------------------------------------

    def _blocks(self, inputs: Inputs) -> None:
        months = self.horizon
        n_resources, n_materials = len(inputs.resource_names), len(inputs.material_names)
        points, committed = len(self.point_item), len(self.committed_item)
        columns = _Axis()
        for name, lines in (
            ("start", len(inputs.source.item)),
            ("contract_short", len(self.contracts)),
            ("flow", len(self.flow_item)),
            ("to_target", len(self.layered)),
            ("above", points),
            ("backlog", len(self.wait_item)),
            ("lost", len(self.lost_item)),
            ("regular", n_resources),
            ("overtime", n_resources),
            ("shifts", n_resources),
            ("heads", len(self.staffed)),
            ("hired", len(self.staffed)),
            ("released", len(self.staffed)),
            ("forced_in", len(self.staffed)),
            ("forced_out", len(self.staffed)),
            ("bought", len(inputs.material.material)),
            ("held", n_materials),
            ("material_short", len(self.material_contracts)),
            ("overfull", len(self.limited_sites)),
        ):
            columns.add(name, lines, months)
        # Backlog of the last month is in two: `backlog[-1]`, asked for in the last month, and `old`, before it.
        columns.add("old", len(self.wait_item), 1)
        columns.add("under", committed, 1)
        columns.add("over", committed, 1)
        columns.add("end_short", len(self.end_points), 1)
        rows = _Axis()
        for name, lines in (
            ("stock", points),
            ("zone", len(self.zone_item)),
            ("resource", n_resources),
            ("staff_regular", len(self.staffed)),
            ("staff_overtime", len(self.staffed)),
            ("staff", len(self.staffed)),
            ("contract", len(self.contracts)),
            ("material", n_materials),
            ("material_contract", len(self.material_contracts)),
            ("lane", len(self.limited_lanes)),
            ("storage", len(self.limited_sites)),
        ):
            rows.add(name, lines, months)
        rows.add("waiting", len(self.crowded), months - 2)
        rows.add("old", len(self.wait_item), 1 if months > 1 else 0)
        rows.add("using_up", len(self.leftover), months - 1)
        rows.add("committed", committed, 1)
        rows.add("end", len(self.end_points), 1)
        self.cols, self.rows = columns.blocks, rows.blocks
        self.n_cols, self.n_rows = columns.size, rows.size

    # ---- coefficients -------------------------------------------------------------------------------

    def _coefficients(self, inputs: Inputs) -> None:
        self._row_parts: list[Ints] = []
        self._col_parts: list[Ints] = []
        self._value_parts: list[Floats] = []
        self._count = 0
        self.segments: dict[str, slice] = {}
        self._stock_rows(inputs)
        self._demand_rows()
        self._resource_rows(inputs)
        self._material_rows(inputs)
        self._limit_rows(inputs)
        rows = np.concatenate(self._row_parts)
        cols = np.concatenate(self._col_parts)
        self.values = np.concatenate(self._value_parts)
        del self._row_parts, self._col_parts, self._value_parts
        # A csc matrix of ordinal numbers gives the order of the coefficients once and for all.
        order = sp.csc_matrix((np.arange(1, len(rows) + 1), (rows, cols)), shape=(self.n_rows, self.n_cols))
        order.sort_indices()
        if order.nnz != len(rows):
            raise ValueError("two coefficients in one place: a routing, bom line or lane is given twice")
        self.order = order.data - 1
        self.row_index = order.indices.astype(np.int32)
        self.col_start = order.indptr.astype(np.int32)
        self.coef_row, self.coef_col = rows[self.order], cols[self.order]

    def _put(self, rows: Ints, cols: Ints, value: float | Floats, name: str = "") -> None:
        rows, cols = np.broadcast_arrays(rows, cols)
        if name:
            self.segments[name] = slice(self._count, self._count + rows.size)
        self._row_parts.append(rows.ravel())
        self._col_parts.append(cols.ravel())
        self._value_parts.append(np.broadcast_to(np.asarray(value, dtype=float), rows.shape).ravel())
        self._count += rows.size

    def _delayed(self, rows: Block, line: Ints, cols: Block, lead: Ints, value: float) -> None:
        """Coefficient of every column in the row `lead` months later; `line[c]` is column line c's row line."""
        month = np.arange(self.horizon)
        arrival = month[None, :] + lead[:, None]
        inside = arrival < self.horizon
        row = rows.at(line[:, None], arrival)[inside]
        self._put(row, cols.at(np.arange(cols.lines)[:, None], month[None, :])[inside], value)

    def _both_months(self, rows: Block, line: Ints, cols: Block, value: float) -> None:
        """`value` in the month's own row, `-value` in the next month's: a balance carried over."""
        month, own = np.arange(self.horizon), np.arange(cols.lines)[:, None]
        self._put(rows.at(line[:, None], month), cols.at(own, month), value)
        self._put(rows.at(line[:, None], month[1:]), cols.at(own, month[:-1]), -value)

    def _stock_rows(self, inputs: Inputs) -> None:
        cols, stock = self.cols, self.rows["stock"]
        source = inputs.source
        self._both_months(stock, np.arange(len(self.point_item)), cols["above"], 1.0)
        self._both_months(stock, self.layered, cols["to_target"], 1.0)
        self._delayed(stock, self.point[source.item, source.site], cols["start"], source.lead, -1.0)
        month, flow = np.arange(self.horizon), np.arange(len(self.flow_item))
        lead = self.lane_lead[self.flow_lane]
        leaves = self.point[self.flow_item, self.lane_origin[self.flow_lane]]
        self._put(stock.at(leaves[:, None], month), cols["flow"].at(flow[:, None], month), 1.0)
        inward = self.lane_site[self.flow_lane] >= 0
        arrival = month[None, :] + lead[:, None]
        inside = (arrival < self.horizon) & inward[:, None]
        point = self.point[self.flow_item, self.lane_site[self.flow_lane]]
        flows = cols["flow"].at(flow[:, None], month)
        self._put(stock.at(point[:, None], arrival)[inside], flows[inside], -1.0)

    def _demand_rows(self) -> None:
        cols, zone = self.cols, self.rows["zone"]
        months = self.horizon
        month, flow = np.arange(months), np.arange(len(self.flow_item))
        arrival = month[None, :] + self.lane_lead[self.flow_lane][:, None]
        inside = (arrival < months) & (self.lane_zone[self.flow_lane] >= 0)[:, None]
        point = self.zone_point[self.flow_item, self.lane_zone[self.flow_lane]]
        flows = cols["flow"].at(flow[:, None], month)
        self._put(zone.at(point[:, None], arrival)[inside], flows[inside], 1.0)
        lost = self.zone_point[self.lost_item, self.lost_zone][:, None]
        self._put(zone.at(lost, month), cols["lost"].at(np.arange(len(self.lost_item))[:, None], month), 1.0)
        waiting = self.zone_point[self.wait_item, self.wait_zone]
        lines = np.arange(len(self.wait_item))
        self._both_months(zone, waiting, cols["backlog"], 1.0)
        self._put(zone.at(waiting, months - 1), cols["old"].at(lines), 1.0)
        # Orders can only wait after they were placed: backlog after <= backlog before + demand.
        row, later = self.rows["waiting"], np.arange(1, months - 1)
        own = np.arange(len(self.crowded))[:, None]
        crowded = self.crowded[:, None]
        self._put(row.at(own, later - 1), cols["backlog"].at(crowded, later), 1.0)
        self._put(row.at(own, later - 1), cols["backlog"].at(crowded, later - 1), -1.0)
        if months > 1:
            self._put(self.rows["old"].at(lines), cols["old"].at(lines), 1.0)
            self._put(self.rows["old"].at(lines), cols["backlog"].at(lines, months - 2), -1.0)

    def _resource_rows(self, inputs: Inputs) -> None:
        cols, rows, source = self.cols, self.rows, inputs.source
        month = np.arange(self.horizon)
        resource = rows["resource"]
        routed = resource.at(source.routing_resource[:, None], month)
        self._put(routed, cols["start"].at(source.routing_source[:, None], month), 0.0, "hours")
        lines = np.arange(resource.lines)[:, None]
        for name in ("regular", "overtime"):
            self._put(resource.at(lines, month), cols[name].at(lines, month), -1.0)
        self._put(resource.at(lines, month), cols["shifts"].at(lines, month), 0.0, "shift_hours")
        own, staffed = np.arange(len(self.staffed))[:, None], self.staffed[:, None]
        for name, used, segment in (
            ("staff_regular", "regular", "head_regular"),
            ("staff_overtime", "overtime", "head_overtime"),
        ):
            self._put(rows[name].at(own, month), cols[used].at(staffed, month), 1.0)
            self._put(rows[name].at(own, month), cols["heads"].at(own, month), 0.0, segment)
        self._both_months(rows["staff"], own[:, 0], cols["heads"], 1.0)
        for name, sign in (("hired", -1.0), ("forced_in", -1.0), ("released", 1.0), ("forced_out", 1.0)):
            self._put(rows["staff"].at(own, month), cols[name].at(own, month), sign)

    def _material_rows(self, inputs: Inputs) -> None:
        cols, material, row = self.cols, inputs.material, self.rows["material"]
        month = np.arange(self.horizon)
        self._both_months(row, np.arange(row.lines), cols["held"], 1.0)
        self._delayed(row, material.material, cols["bought"], material.lead, -1.0)
        used = row.at(material.usage_material[:, None], month)
        self._put(used, cols["start"].at(material.usage_source[:, None], month), 0.0, "usage")

    def _limit_rows(self, inputs: Inputs) -> None:
        cols, rows = self.cols, self.rows
        month = np.arange(self.horizon)
        for name, lines, taken, short in (
            ("contract", self.contracts, "start", "contract_short"),
            ("material_contract", self.material_contracts, "bought", "material_short"),
        ):
            own = np.arange(len(lines))[:, None]
            self._put(rows[name].at(own, month), cols[taken].at(lines[:, None], month), 1.0)
            self._put(rows[name].at(own, month), cols[short].at(own, month), 1.0)

        given = self.lane_given[self.flow_lane]
        limit = _lines(self.limited_lanes, len(self.lane_origin))
        flow = np.flatnonzero((given >= 0) & (limit[self.flow_lane] >= 0))
        line = limit[self.flow_lane[flow]][:, None]
        self._put(rows["lane"].at(line, month), cols["flow"].at(flow[:, None], month), 1.0)

        limit = _lines(self.limited_sites, len(inputs.site_names))
        for name, points in (("above", np.arange(len(self.point_item))), ("to_target", self.layered)):
            line = limit[self.point_site[points]]
            own = np.flatnonzero(line >= 0)
            self._put(rows["storage"].at(line[own][:, None], month), cols[name].at(own[:, None], month), 1.0)
        own = np.arange(len(self.limited_sites))[:, None]
        self._put(rows["storage"].at(own, month), cols["overfull"].at(own, month), -1.0)

        line = _lines(self.layered, len(self.point_item))[self.leftover][:, None]
        own = np.arange(len(self.leftover))[:, None]
        self._put(rows["using_up"].at(own, month[:-1]), cols["to_target"].at(line, month[1:]), 1.0)
        self._put(rows["using_up"].at(own, month[:-1]), cols["to_target"].at(line, month[:-1]), -1.0)

        self._committed_rows(inputs)
        own = np.arange(len(self.end_points))
        last = self.horizon - 1
        layer = _lines(self.layered, len(self.point_item))[self.end_points]
        self._put(rows["end"].at(own), cols["above"].at(self.end_points, last), 1.0)
        self._put(rows["end"].at(own[layer >= 0]), cols["to_target"].at(layer[layer >= 0], last), 1.0)
        self._put(rows["end"].at(own), cols["end_short"].at(own), 1.0)

    def _committed_rows(self, inputs: Inputs) -> None:
        source, row = inputs.source, self.rows["committed"]
        line = np.full(self.shape.committed.shape, -1)
        line[self.committed_item, self.committed_site, self.committed_month] = np.arange(row.lines)
        start = np.arange(self.horizon)[None, :] - source.lead[:, None]
        own = line[source.item, source.site]
        source_line, month = np.nonzero((own >= 0) & (start >= 0))
        self._put(
            row.at(own[source_line, month]),
            self.cols["start"].at(source_line, start[source_line, month]),
            1.0,
        )
        lines = np.arange(row.lines)
        self._put(row.at(lines), self.cols["under"].at(lines), 1.0)
        self._put(row.at(lines), self.cols["over"].at(lines), -1.0)


def _positions(mask: np.ndarray) -> Ints:
    """Ordinal of each true entry in row-major order, -1 elsewhere."""
    positions = np.full(mask.shape, -1, dtype=np.int64)
    positions[mask] = np.arange(int(mask.sum()))
    return positions


def _lines(things: Ints, size: int) -> Ints:
    """Inverse of a list of positions: line of each thing, -1 where absent."""
    lines = np.full(size, -1, dtype=np.int64)
    lines[things] = np.arange(len(things))
    return lines
