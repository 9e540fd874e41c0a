"""One file per subcommand: reads groups, calls the arithmetic, replaces its own group."""
