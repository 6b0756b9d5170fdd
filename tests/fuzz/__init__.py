"""Fuzzing: seconds of it in the suite, 100,000 cases and more by `make fuzz`."""
