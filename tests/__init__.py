import tfq  # noqa: F401, before numpy: it says how many threads numpy's algebra has
