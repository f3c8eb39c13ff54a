"""The RS-485 pair: who talks when, what everybody hears of it, and what goes wrong on the way."""
