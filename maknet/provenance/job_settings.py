"""Whether a recorded job depends on a setting."""

from maknet.config.rule_settings import NUMERICS, depends, settings_by_rule
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
    if record.rule not in settings_by_rule():  # a rule of the user's own
        return uses(record.params, setting)
    # A parameter may have the name of a wildcard: what the job is called by wins.
    return depends(record.rule, {**record.params, **record.wildcards}, setting)
