"""What the resources count together."""

from jasmin_compat.gateway.users import UserId
from jasmin_compat.servers.http.counts import HttpCounts, HttpTally, HttpUserCounts


def test_requests_successes_and_errors() -> None:
    now = iter((10.0, 11.0, 12.0))
    tally = HttpTally(unix=lambda: next(now))
    tally.request()
    tally.success()
    tally.count(None)
    tally.count("auth_error_count")
    assert tally.counts == HttpCounts(
        created_at=10.0,
        request_count=1,
        last_request_at=11.0,
        success_count=1,
        last_success_at=12.0,
        auth_error_count=1,
    )


def test_a_user_is_counted_from_its_first_request() -> None:
    tally = HttpTally(unix=lambda: 5.0)
    assert not tally.users
    tally.user(UserId("u")).rate_request_count += 1
    tally.user(UserId("u"))
    shown = HttpUserCounts(connects_count=2, rate_request_count=1, last_activity_at=5.0)
    assert tally.users == {"u": shown}
