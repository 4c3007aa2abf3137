"""What every room may lean on: errors, clock, addresses, settings, registries, engines."""
