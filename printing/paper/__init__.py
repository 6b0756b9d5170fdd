"""Films on paper: pages of a PDF, and IPP to the printers that take them."""
