"""Our own upper layer for the common association: Verification and Modality Worklist, as acceptor.

`pdus` reads and writes the PDUs of PS3.8 9.3, `commands` the command sets of PS3.7 Annex E,
`acceptor` is the state machine of PS3.8 9.2 without a socket: bytes in, events and bytes out.
"""
