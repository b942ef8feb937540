"""The sections of the trade-offs page, one module each; a section is `render(view)`."""
