"""What went over a wire, in words: decoders of our own for each protocol, and the tap that feeds them.

A decoder reads bytes as a reader of the specification would, without the code of the device that sent them: where
device and decoder disagree, one of them is wrong.
"""
