"""Start-up only: command line, settings, wiring; the one place that sees everything."""
