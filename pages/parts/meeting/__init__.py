"""The sections of the pre-S&OP page, one module each; a section is `render(view)`."""
