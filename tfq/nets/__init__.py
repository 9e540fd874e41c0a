"""Network definitions only: no files, no devices."""
