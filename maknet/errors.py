"""The one exception that a user is meant to read."""


class InputError(Exception):
    """Something outside the code is wrong, and the message is one sentence a user can act on.

    The sentence names the file or key, what is wrong with it and what to do. Jobs print it
    without a traceback and exit with 1 (`maknet.jobs.job`).
    """
