"""The only door to weights: the registry, the resolver, and running networks."""
