"""What a company's settings say about its forecast."""

from __future__ import annotations

from sop_core.calendar import month_column
from sop_core.demand.forecast_calendar import check_country
from sop_core.demand.forecast_series import ForecastSettings
from sop_core.errors import ForecastError
from sop_core.schema import ALL
from sop_core.snapshot import Snapshot


def forecast_settings(snapshot: Snapshot) -> ForecastSettings:
    """The forecaster's settings for a company.

    Working days count where the company says so; they are those of its calendar where that has a month for every
    site, else Mondays to Fridays less its country's public holidays. Raises ForecastError for a country that has
    no holiday calendar.
    """
    given = snapshot.settings
    country = None
    if given.holiday_country:
        try:
            country = check_country(given.holiday_country)
        except ForecastError as error:
            raise ForecastError(f"Setting holiday_country: {error}") from None
    if not given.forecast_working_days:
        return ForecastSettings()
    return ForecastSettings(working_days=True, country=country, calendar=_company_calendar(snapshot))


def _company_calendar(snapshot: Snapshot) -> tuple[tuple[str, float], ...]:
    """Working days by month where the company brings them for every site: ("2026-01", 20.0), in order."""
    table = snapshot.table("calendar")
    table = table[(table["site"] == ALL) & table["working_days"].notna()]
    days = table["working_days"].to_numpy(dtype=float)
    return tuple(
        sorted((str(month), float(d)) for month, d in zip(month_column(table["month"]), days, strict=True))
    )
