"""What a company's settings say about its forecast."""

from __future__ import annotations

from sop_core.demand.forecast_series import ForecastSettings
from sop_core.snapshot import Snapshot


def forecast_settings(snapshot: Snapshot) -> ForecastSettings:
    """The forecaster's settings for a company."""
    return ForecastSettings()
