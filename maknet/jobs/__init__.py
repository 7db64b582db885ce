"""The frame of a rule's script: arguments, log, errors, lock, record."""
