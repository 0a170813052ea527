"""docs/redis.md names every key there is."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
KEY = re.compile(r"""['"](dlr:|queue-msgid:|jc:[a-z-]+:?)""")


def test_every_key_has_its_row() -> None:
    adapters = ROOT / "jasmin_compat" / "adapters"
    records = ROOT / "jasmin_compat" / "wire" / "redis_records.py"
    sources = [*adapters.glob("redis*.py"), *adapters.glob("redis_lua/*.lua"), records]
    used = {key for source in sources for key in KEY.findall(source.read_text())}
    rows = re.findall(r"^\| `([^`<]+)", (ROOT / "docs" / "redis.md").read_text(), re.MULTILINE)
    assert used == set(rows)
    assert len(used) > 10
