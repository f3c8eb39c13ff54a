"""Makes a rig out of what is there: a list of registers, a Modbus device that answers, an OPC UA server.

The values found come back in an emulated device through a stand-in asset; the same rig with its binding drives the
real one. Nothing here ever writes to a device.
"""
