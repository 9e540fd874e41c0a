"""One measurement per file; this page lists them."""
