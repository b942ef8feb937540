"""The slides of the deck: a template in the product's look, text that fits, native charts, a module a subject."""
