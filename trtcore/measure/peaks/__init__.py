"""How fast this device can compute and copy, measured by the runtime that runs networks."""
