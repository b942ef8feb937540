"""Supply: network, linear program, solution, causes, stock policy. See docs/architecture.md."""
