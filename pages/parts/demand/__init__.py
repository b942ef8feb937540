"""The sections of the demand review, one module each; a section is `render(view)`."""
