"""The AMQP adapter's bounds."""

from jasmin_compat.adapters.amqp_policy import AmqpPolicy, Durability


# covers: W-AMQP-11 W-AMQP-19
def test_the_defaults_are_safe_and_the_password_is_not_shown() -> None:
    policy = AmqpPolicy(password="hunter2")
    assert "hunter2" not in repr(policy)
    assert policy.heartbeat > 0
    assert policy.durability is Durability.DURABLE


def test_durability_has_the_words_of_the_settings() -> None:
    assert [str(word) for word in Durability] == ["durable", "quorum", "jasmin"]
