"""Charts as pure functions: arrays in, a figure or an option dictionary out. Colours have roles, see `roles`."""
