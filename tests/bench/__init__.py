"""Measurements that anyone can run again: `python -m tests.bench.NAME`."""
