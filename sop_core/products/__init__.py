"""The product review: launches, phase-outs, prices, promotions, portfolio, production modes."""
