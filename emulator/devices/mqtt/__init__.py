"""MQTT 3.1.1 and 5.0 of our own: packets as bytes, a broker that can misbehave, a client, and the device face."""
