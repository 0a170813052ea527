"""The table of what is covered names only ids of the contract and is up to date."""

from compat_tests import features_table


def test_tests_claim_only_ids_that_the_contract_has() -> None:
    assert "| HTTP-01 |" in features_table.render()


def test_the_contract_has_the_ids_it_says_it_has() -> None:
    assert len(features_table.ids("features.md")) == 313
    assert len(features_table.weaknesses()) == 191
