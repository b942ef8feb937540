"""Screens: one module for each step of the S&OP month. They read state, call the core and render."""
