"""Scripts: what travels, and what stands in their head."""

from jasmin_compat.adapters.redis_scripts import Scripts
from jasmin_compat.gateway.dlr import DlrPolicy

WRITING = ["remember", "record_sent", "map_smpp_msgids", "finish_segment", "forget", "expired"]


def test_the_policy_is_in_their_head() -> None:
    policy = DlrPolicy(max_records=77, siblings_grace_s=1.5, on_expiry="callback")
    head = Scripts(policy).remember.text.decode().splitlines()[0]
    names, values = head.removeprefix("local ").split(" = ")
    numbers = dict(zip(names.split(", "), map(int, values.split(", ")), strict=True))
    assert numbers["MAX_RECORDS"] == 77
    assert numbers["GRACE_S"] == 2
    assert numbers["TELLS"] == 1


def test_another_policy_is_another_script() -> None:
    one, other = Scripts(DlrPolicy()), Scripts(DlrPolicy(max_records=77))
    assert one.remember.sha != other.remember.sha
    assert one.find.sha == other.find.sha


def test_only_find_may_run_without_replicas() -> None:
    scripts = Scripts(DlrPolicy())
    assert all(getattr(scripts, name).writes for name in [*WRITING, "adopt", "keep_part"])
    assert not scripts.find.writes
