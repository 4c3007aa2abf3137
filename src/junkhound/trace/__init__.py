"""Where a message came from: hops read, boundary walked, verdict with a reason per hop."""
