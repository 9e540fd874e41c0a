"""Tables, figures, pages and formats."""
