"""Loops of the worklist: timers and what goes out, one module each."""
