"""What every program shares: settings, connections, metrics, logs and the way a program ends."""
