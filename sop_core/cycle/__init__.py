"""The monthly cycle: latest estimates, assumptions, agreements."""
