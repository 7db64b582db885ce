import re
from collections import Counter

from maknet.config.boxes import BOXES, RESULT, box_of
from maknet.files import ROOT


def test_every_rule_before_the_tables_has_one_box() -> None:
    text = "".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    known = set(re.findall(r"^rule (\w+):|^use rule \w+ as (\w+) with", text, re.MULTILINE))
    rules = {name for pair in known for name in pair if name}
    listed = Counter(rule for box in BOXES for rule in box.rules)
    assert set(listed) <= rules
    assert max(listed.values()) == 1
    work = {r for r in rules if r.startswith(("fetch_", "prepare_", "train_", "pretrain_"))}
    assert work <= set(listed)
    assert [*BOXES, RESULT][box_of("make_table1")] is RESULT
    assert BOXES[box_of("build_labels")].name == "Labels"
