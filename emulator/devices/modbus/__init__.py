"""The Modbus face of an emulated device: an own codec and servers, so that they can misbehave on request."""
