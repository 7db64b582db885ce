"""How a rule's script runs: arguments, log, errors, lock, record."""
