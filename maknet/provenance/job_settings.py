"""Whether a recorded job depends on a setting."""

from maknet.config.rule_settings import NUMERICS, holds, settings_by_rule
from maknet.config.settings import Setting
from maknet.provenance.records import Record
from maknet.provenance.settings import uses


def depends_on(record: Record, setting: Setting) -> bool:
    """Return whether a job would give another result, or be planned anew, by a changed setting.

    Args:
        record: The job's record.
        setting: A setting whose value has changed since.
    """
    if setting.key == NUMERICS:
        return "numerics" in record.params
    listed = settings_by_rule().get(record.rule)
    if listed is None:  # a rule of the user's own
        return uses(record.params, setting)
    # A parameter may have the name of a wildcard: what the job is called by wins.
    known = {**record.params, **record.wildcards}
    return any(holds(entry, known, setting) for entry in listed)
