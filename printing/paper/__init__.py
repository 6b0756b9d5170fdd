"""Films on paper: PDF pages and IPP."""
