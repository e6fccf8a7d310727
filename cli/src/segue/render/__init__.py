"""What people see in a terminal: tables, progress, results and the map of a catalogue."""
