"""The ways of looking at scenarios, one module each; each is `render(view)`."""
