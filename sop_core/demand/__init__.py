"""Demand: history, forecast, layers, price. See docs/architecture.md."""
