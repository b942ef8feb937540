"""The sections of the product review, one module each; a section is `render(view)`."""
