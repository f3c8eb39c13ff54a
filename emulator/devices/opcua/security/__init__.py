"""Security of the OPC UA server: channels, certificates, users, roles (OPC 10000-4 §6, OPC 10000-6 §6.7)."""
