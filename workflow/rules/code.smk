# The digest of a rule's script, and of every module that it can import, is a parameter of the rule, as is
# `jobs.numerics`: changed code reruns what can reach it, nothing else. Rules that fetch have a version instead.
from maknet.provenance.code import recorded_code
from maknet.provenance.code_cache import CodeCache

CODE = CodeCache(Path(".snakemake/maknet_code.json"))


def code_of(name: str, script: str):
    """Return the code digest of a rule, or the recorded one where `jobs.accepted_code` names it."""
    if name not in config["jobs"]["accepted_code"]:
        return CODE.digest(script)
    results = config["paths"]["results"]
    return lambda wildcards: recorded_code(results, name, wildcards, script)


for each in filter(is_own, workflow.rules):
    if each.script and "version" not in each.params.keys():
        each.set_params(
            code=code_of(name_here(each), f"scripts/{Path(each.script).name}"),
            numerics=config_provider("jobs", "numerics"),
        )
if workflow.is_main_process:
    CODE.save()
