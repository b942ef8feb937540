"""What the screens share: state, context bar, theme, number formats, levers, KPI strip."""
