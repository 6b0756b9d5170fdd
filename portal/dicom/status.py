"""DIMSE status codes that we send, named (PS3.7 Annex C, PS3.4 K.4)."""

SUCCESS = 0x0000
PENDING = 0xFF00  # PS3.4 K.4-1: matches are continuing
PENDING_UNSUPPORTED_OPTIONAL_KEYS = 0xFF01  # PS3.4 K.4-1
CANCEL = 0xFE00  # PS3.4 K.4-1: only after a C-CANCEL
OUT_OF_RESOURCES = 0xA700  # PS3.4 K.4-1
IDENTIFIER_DOES_NOT_MATCH = 0xA900  # PS3.4 K.4-1
