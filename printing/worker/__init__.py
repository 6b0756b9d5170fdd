"""Loops of the workers of printing: jobs, films in the printer, status, folder, retention."""
