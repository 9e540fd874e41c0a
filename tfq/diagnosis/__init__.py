"""From scores over time and evidence to weak segments with reasons."""
