"""The net price of an order, by item, region, segment and month."""

from __future__ import annotations

import numpy as np

from sop_core.demand.history import History
from sop_core.inputs import Floats

#: Months over which the realised price is measured.
WINDOW = 12


def net_price(listed: Floats, history: History | None, list_before: Floats | None, invoiced: bool) -> Floats:
    """[i, r, m, t] list price x the part of it that customers really paid over the last twelve months.

    `listed`: list price ahead; `list_before`: list price [i, r, m, h] of the history's months; `invoiced`: the
    sales carry revenue of their own. Realisation is measured by item and segment over all regions, where at
    least one unit was sold; else the item's, else list price. Free goods and returns cannot push it below 0.
    """
    if history is None or list_before is None or not invoiced:
        return listed
    recent = slice(max(len(history.months) - WINDOW, 0), None)
    paid = np.maximum(history.revenue[..., recent], 0.0).sum(axis=(1, 3))
    units = np.maximum(history.sold[..., recent], 0.0)
    at_list = (units * list_before[..., recent]).sum(axis=(1, 3))
    item = np.divide(
        paid.sum(axis=1), at_list.sum(axis=1), out=np.ones(len(paid)), where=at_list.sum(axis=1) > 0
    )
    share = np.divide(paid, at_list, out=np.repeat(item[:, None], paid.shape[1], axis=1), where=at_list > 0)
    priced: Floats = listed * share[:, None, :, None]
    # Items without a list price are priced at what they brought.
    average = np.divide(
        paid, units.sum(axis=(1, 3)), out=np.zeros_like(paid), where=units.sum(axis=(1, 3)) > 0
    )
    return np.where(listed > 0, priced, average[:, None, :, None])
