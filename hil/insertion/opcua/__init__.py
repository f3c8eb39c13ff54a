"""The part of the link proxy that knows OPC UA's chunks and messages, and what faults do with them."""
