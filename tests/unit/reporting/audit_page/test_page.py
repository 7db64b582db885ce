import json
from pathlib import Path

from maknet.files import ROOT
from maknet.reporting.audit_page.content import Places, log_of, rule_places
from maknet.reporting.audit_page.page import write_audit_page
from tests.unit.provenance.test_job_graph import job


def test_the_content_cannot_leave_its_element(tmp_path: Path) -> None:
    parts = {"page.html": "<style>{{style}}</style><script>{{content}}</script>{{script}}",
             "page.css": "b {}", "page.js": "let a = `{{content}}`"}  # fmt: skip
    for name, text in parts.items():
        (tmp_path / name).write_text(text)
    content = {"a": "<!--</script><script>alert(1)</script>", "b": "{{script}}"}
    write_audit_page(tmp_path / "audit.html", content, [tmp_path / name for name in parts])
    text = (tmp_path / "audit.html").read_text()
    assert (text.count("<script>"), text.count("</script>"), text.count("<!--")) == (1, 1, 0)
    assert json.loads(text.split("<script>")[1].split("</script>")[0]) == content
    assert text.endswith("let a = `{{content}}`")


def test_equal_things_have_one_place() -> None:
    places = Places()
    assert [places.of(thing) for thing in ({"a": 1, "b": 2}, [1], {"b": 2, "a": 1})] == [0, 1, 0]
    assert places.items == [{"a": 1, "b": 2}, [1]]


def test_every_rule_has_its_line() -> None:
    places = rule_places(ROOT / "workflow/rules", ROOT)
    for rule in ("prepare_series", "train_control", "make_table3"):
        file, line = places[rule]
        assert rule in (ROOT / file).read_text().splitlines()[line - 1]


def test_a_log_is_named_by_its_pattern() -> None:
    rules = {"prepare_series": ["", "logs/{scenario,(s/[a-z]{1,9}/)?}prepare/{batch,[\\w-]+}.log"]}
    one = job("prepare_series", [], ["a"], 1, batch="batch0001")
    assert log_of(one, rules) == "logs/prepare/batch0001.log"
    assert log_of(job("all", [], ["a"], 1), rules) == ""
