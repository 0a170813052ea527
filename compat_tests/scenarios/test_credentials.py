"""What an account may ask for and what it pays (contract/http-api.md §7, §10, §11, §14, §15)."""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio

from compat_tests.peers.console import Console, logged_in
from compat_tests.peers.http_client import Response
from compat_tests.peers.smsc import Answer
from compat_tests.targets.site import GROUP, User
from compat_tests.waiting import asked
from compat_tests.world import World

RATE = 2.0
FREE, RATED, NOWHERE = "336", "447", "999"
"""How numbers begin that are sent for nothing, for RATE, or not at all."""

Account = Callable[..., Awaitable[User]]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def at(accounts: World) -> AsyncIterator[Console]:
    """A session of the console, and the routes above."""
    where = accounts.gateway.host, accounts.processes.console_port
    async with logged_in(*where) as console:
        for order, prefix, rate in ((20, RATED, RATE), (10, FREE, 0.0)):
            await console.saves(
                *("filter -a", f"fid to{prefix}", "type DestinationAddrFilter"),
                f"destination_addr ^{prefix}",
            )
            await console.saves(
                *("mtrouter -a", "type StaticMTRoute", f"order {order}", f"filters to{prefix}"),
                *("connector smppc(accounts)", f"rate {rate}"),
            )
        yield console
        await console.asks("mtrouter -f")


@pytest.fixture
def account(at: Console, request: pytest.FixtureRequest) -> Account:
    """Makes a user with these lines of the console."""

    async def make(*lines: str) -> User:
        made = request.session.stash.get(_MADE, 0) + 1
        request.session.stash[_MADE] = made
        name = f"acc{made}"
        await at.saves(
            *("user -a", f"uid {name}", f"gid {GROUP}", f"username {name}", "password pwd"),
            *(f"mt_messaging_cred {line}" for line in lines),
        )
        return User(name, "pwd")

    return make


_MADE = pytest.StashKey[int]()


def rated(number: str) -> str:
    return RATED + number.removeprefix(FREE)


def refusal(response: Response) -> tuple[int, str]:
    return response.status, response.text


async def ask(world: World, path: str, user: User, **arguments: str) -> Response:
    """GET /rate or /balance."""
    given: list[tuple[str, str | bytes]] = [
        ("username", user.username),
        ("password", user.password),
    ]
    return await world.get(path, *given, *((k.replace("_", "-"), v) for k, v in arguments.items()))


async def answered(world: World, path: str, user: User, **arguments: str) -> Any:
    response = await ask(world, path, user, **arguments)
    assert response.status == 200, response.raw
    assert response.header("Content-Type") == "application/json"
    return json.loads(response.body)


async def balance(world: World, user: User) -> Any:
    return (await answered(world, "/balance", user))["balance"]


# ---------------------------------------------------------------- what may be asked for

LONG = "x" * 161
SDT = "000000000100000R"


# covers: CRED-01 CRED-02 CRED-03 CRED-04 CRED-05 CRED-06 CRED-07 CRED-08
@pytest.mark.parametrize(
    ("authorization", "arguments", "reason"),
    [
        ("http_send", {}, "Cannot send MT messages"),
        ("http_long_content", {"content": LONG}, "Long content not authorized"),
        ("dlr_level", {"dlr-level": "1"}, "Setting dlr level not authorized"),
        ("dlr_level", {"dlr": "yes"}, "Setting dlr level not authorized"),
        (
            "http_dlr_method",
            {"dlr": "yes", "dlr-method": "GET"},
            "Setting dlr method not authorized",
        ),
        ("http_dlr_method", {"dlr": "yes"}, "Setting dlr method not authorized"),
        ("src_addr", {"from": "ACME"}, "Setting source address not authorized"),
        ("priority", {"priority": "0"}, "Setting priority not authorized"),
        ("validity_period", {"validity-period": "60"}, "Setting validity period not authorized"),
        ("hex_content", {"hex_content": "41"}, "Setting hex content not authorized"),
        (
            "schedule_delivery_time",
            {"sdt": SDT},
            "Setting schedule delivery time not authorized",
        ),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else str(value).split(" ")[0],
)
async def test_what_is_not_authorized_is_refused_and_nothing_else(
    accounts: World,
    account: Account,
    number: str,
    authorization: str,
    arguments: dict[str, str],
    reason: str,
) -> None:
    user = await account(f"authorization {authorization} no")

    refused = await accounts.send(user=user, to=number, **arguments)

    text = f'Error "Authorization failed for user [{user.username}] ({reason})."'
    assert refusal(refused) == (400, text)
    if arguments:
        await accounts.accepted(user=user, to=number)
        assert len(await accounts.smsc.got(number)) == 1


# covers: CRED-01 CRED-02
async def test_the_first_authorization_missing_is_told(
    accounts: World, account: Account, number: str
) -> None:
    user = await account("authorization dlr_level no", "authorization src_addr no")

    refused = await accounts.send(user=user, to=number, from_="ACME", dlr="yes")

    assert "(Setting dlr level not authorized)" in refused.text


# covers: HTTP-42 HTTP-45
@pytest.mark.parametrize(
    ("authorization", "path", "arguments", "reason"),
    [
        ("http_balance", "/balance", {}, "Cannot check balance"),
        ("http_rate", "/rate", {"to": FREE}, "Cannot check rate"),
    ],
)
async def test_a_price_and_what_is_left_may_be_kept_from_an_account(
    accounts: World,
    account: Account,
    authorization: str,
    path: str,
    arguments: dict[str, str],
    reason: str,
) -> None:
    user = await account(f"authorization {authorization} no")

    refused = await ask(accounts, path, user, **arguments)

    assert refused.status == 400
    assert (
        json.loads(refused.body) == f"Authorization failed for user [{user.username}] ({reason})."
    )


# ---------------------------------------------------------------- value filters


# covers: CRED-10 CRED-11 CRED-12 CRED-13 CRED-14
@pytest.mark.parametrize(
    ("name", "pattern", "passes", "fails"),
    [
        ("dst_addr", r"^33\d+$", {}, {"to": "15550001"}),
        ("src_addr", "^AB", {"from": "ABC"}, {"from": "XAB"}),
        ("src_addr", "AB", {"from": "ABC"}, {"from": "XAB"}),
        ("priority", "^[0-1]$", {"priority": "1"}, {"priority": "3"}),
        ("validity_period", "^1$", {"validity-period": "1"}, {"validity-period": "2"}),
        ("content", "^OK", {"content": "OK then"}, {"content": "no OK"}),
        ("content", "^[\\x1b]", {"content": "€"}, {"content": "e"}),
    ],
    ids=["to", "from", "from its start", "priority", "validity", "content", "content as GSM"],
)
async def test_a_value_filter_lets_pass_what_it_matches(
    accounts: World,
    account: Account,
    number: str,
    name: str,
    pattern: str,
    passes: dict[str, str],
    fails: dict[str, str],
) -> None:
    user = await account(f"valuefilter {name} {pattern}")

    await accounts.accepted(**{"user": user, "to": number, **passes})  # type: ignore[arg-type]
    refused = await accounts.send(**{"user": user, "to": number, **fails})  # type: ignore[arg-type]

    long_names = {"dst_addr": "destination_address", "src_addr": "source_address"}
    what = f"({long_names.get(name, name)} filter mismatch)"
    text = f'Error "Value filter failed for user [{user.username}] {what}."'
    assert refusal(refused) == (400, text)


# covers: CRED-11 CRED-14
async def test_what_is_not_there_and_hexadecimal_digits_are_not_filtered(
    accounts: World, account: Account, number: str
) -> None:
    user = await account("valuefilter src_addr ^AB", "valuefilter content ^OK")

    await accounts.accepted(user=user, to=number, hex_content="6e6f")

    [submitted] = await accounts.smsc.got(number)
    assert submitted.pdu["short_message"] == b"no"


# covers: CRED-15
async def test_the_accounts_own_sender_is_in_every_part(
    accounts: World, account: Account, number: str
) -> None:
    user = await account("defaultvalue src_addr SUNHOTEL", "valuefilter src_addr ^AB")

    msgid = await accounts.accepted(user=user, to=number, content=LONG)
    await accounts.accepted(user=user, to=number, from_="ABC")

    senders = [s.pdu["source_addr"] for s in await accounts.smsc.got(number, 3)]
    assert senders == ["SUNHOTEL", "SUNHOTEL", "ABC"]
    line = await accounts.log_line("http-api.log", f"[msgid:{msgid}]")
    assert "[from:SUNHOTEL]" in line


# ---------------------------------------------------------------- who may log in


# covers: CRED-25
@pytest.mark.parametrize(("kind", "what"), [("user", "the account"), ("group", "its group")])
async def test_who_is_disabled_can_ask_for_nothing(
    accounts: World, at: Console, account: Account, number: str, kind: str, what: str
) -> None:
    user = await account()
    key = user.username if kind == "user" else GROUP
    text = f"Authentication failure for username:{user.username}"

    await at.asks(f"{kind} -d {key}")
    refused = [
        refusal(await accounts.send(user=user, to=number)),
        refusal(await ask(accounts, "/rate", user, to=number)),
        refusal(await ask(accounts, "/balance", user)),
    ]
    await at.asks(f"{kind} -e {key}")

    assert refused == [(403, f'Error "{text}"'), (403, f'"{text}"'), (403, f'"{text}"')], what
    await accounts.accepted(user=user, to=number)


# ---------------------------------------------------------------- what it pays


# covers: CRED-17 HTTP-32
async def test_who_cannot_pay_the_rest_is_refused_at_once(
    accounts: World, account: Account, number: str
) -> None:
    user = await account("quota balance 1", "quota early_percent 25")

    refused = await accounts.send(user=user, to=rated(number))

    assert refused.status == 403
    assert await balance(accounts, user) == 1


# covers: HTTP-41 CRED-19 CRED-26 HTTP-43
async def test_without_a_balance_a_rated_route_is_free(
    accounts: World, account: Account, number: str
) -> None:
    user = await account()
    free = {"balance": "ND", "sms_count": "ND"}
    assert await answered(accounts, "/balance", user) == free
    rate = await answered(accounts, "/rate", user, to=rated(number))
    assert rate == {"unit_rate": 0.0, "submit_sm_count": 1}

    await accounts.accepted(user=user, to=rated(number))

    assert await answered(accounts, "/balance", user) == free


# covers: HTTP-32
@pytest.mark.parametrize(
    ("quotas", "content"),
    [
        (["quota balance 1.99"], "x"),
        (["quota balance 3.99"], LONG),
        (["quota sms_count 1"], LONG),
        (["quota sms_count 0"], "x"),
    ],
)
async def test_what_cannot_be_paid_is_not_sent(
    accounts: World, account: Account, number: str, quotas: list[str], content: str
) -> None:
    user = await account(*quotas)
    before = await answered(accounts, "/balance", user)

    refused = await accounts.send(user=user, to=rated(number), content=content)

    text = "Cannot charge submit_sm, check RouterPB log file for details"
    assert refusal(refused) == (403, f'Error "{text}"')
    assert await answered(accounts, "/balance", user) == before
    assert accounts.smsc.submits(rated(number)) == []
    line = await accounts.log_line("http-api.log", f"Charging user {user.username} failed, [bid:")
    rate = RATE if "balance" in quotas[0] else 0.0
    parts = 2 if content == LONG else 1
    assert line.endswith(f"] [ttlamounts:{rate}] SubmitSmPDU (x{parts})")


# covers: CRED-20 HTTP-31
async def test_who_sends_faster_than_allowed_is_refused(
    accounts: World, account: Account, number: str
) -> None:
    user = await account("quota http_throughput 0.5")

    await accounts.accepted(user=user, to=number)
    refused = await accounts.send(user=user, to=number)

    assert refusal(refused) == (403, 'Error "User throughput exceeded"')
    line = await accounts.log_line("http-api.log", "QoS: ", f"user:{user.username},")
    assert re.search(
        r" ERROR    \d+ QoS: submit_sm_event is faster \(0:00:0[01]\.\d{6}\) than fixed"
        rf" throughput \(0:00:02\), user:{user.username}, rejecting message\.$",
        line,
    )

    async def may_send() -> bool:
        return (await accounts.send(user=user, to=number)).status == 200

    await asked(may_send, "time to send again")
    await accounts.smsc.got(number, 2)


# covers: CRED-20
async def test_a_throughput_of_0_is_none(accounts: World, account: Account, number: str) -> None:
    user = await account("quota http_throughput 0")

    for _ in range(3):
        await accounts.accepted(user=user, to=number)


# ---------------------------------------------------------------- /rate


# covers: HTTP-43 HTTP-44
@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        ({}, 1),
        ({"content": "x" * 160}, 1),
        ({"content": LONG}, 2),
        ({"content": "é" * 81}, 2),
        ({"hex_content": "41" * 141, "coding": "8"}, 2),
    ],
    ids=["nothing", "160", "161", "octets are counted, not characters", "16 bits"],
)
async def test_a_price_is_that_of_one_part_and_the_parts_are_counted(
    accounts: World, account: Account, number: str, arguments: dict[str, str], count: int
) -> None:
    user = await account("quota balance 1")

    rate = await answered(accounts, "/rate", user, to=rated(number), **arguments)

    assert rate == {"unit_rate": RATE, "submit_sm_count": count}
    assert await balance(accounts, user) == 1


# covers: HTTP-43 W-HTTP-08
@pytest.mark.quirk("Q55")
async def test_a_price_is_that_of_the_route_its_sender_takes(
    accounts: World, at: Console, account: Account, number: str, mended: Callable[[str], bool]
) -> None:
    user = await account("quota balance 1")
    await at.saves("filter -a", "fid acme", "type SourceAddrFilter", "source_addr ^ACME$")
    await at.saves(
        *("mtrouter -a", "type StaticMTRoute", "order 30", "filters acme"),
        *("connector smppc(accounts)", "rate 3.0"),
    )
    try:
        answer = await ask(accounts, "/rate", user, to=rated(number), **{"from": "ACME"})
    finally:
        await at.asks("mtrouter -r 30")

    if mended("Q55"):
        assert (answer.status, json.loads(answer.body)["unit_rate"]) == (200, 3.0)
    else:
        assert (answer.status, answer.text[:16]) == (500, '"Unknown error: ')


# covers: HTTP-46
async def test_without_a_route_there_is_no_price(accounts: World, account: Account) -> None:
    refused = await ask(accounts, "/rate", await account(), to=NOWHERE)

    assert (refused.status, refused.text) == (412, '"No route found"')
    assert refused.header("Content-Type") == "application/json"


# ---------------------------------------------------------------- what is counted


async def counts(at: Console, command: str) -> dict[str, str]:
    """Items of a table and the last word of their rows."""
    rows = re.findall(r"^#(\S+) .*?(\S+)$", await at.asks(command), re.MULTILINE)
    return dict(rows)


# covers: HTTP-52 OPS-04
async def test_requests_are_counted_for_each_user(
    accounts: World, at: Console, account: Account, number: str
) -> None:
    user = await account("quota balance 1")
    api = await counts(at, "stats --httpapi")

    await accounts.accepted(user=user, to=number)
    await accounts.send(user=user, to=rated(number))
    await accounts.send(user=user, to=NOWHERE)
    await accounts.send(user=User(user.username, "wrong"), to=number)
    await answered(accounts, "/rate", user, to=number)
    await ask(accounts, "/rate", user, to=NOWHERE)
    await answered(accounts, "/balance", user)

    table = await at.asks(f"stats --user {user.username}")
    seen = dict(re.findall(r"^#(\S+) +HTTP Api +(\d+)$", table, re.MULTILINE))
    assert seen["connects_count"] == "6"
    assert seen["submit_sm_request_count"] == "3"
    assert seen["rate_request_count"] == "2"
    assert seen["balance_request_count"] == "1"
    assert f"#{user.username} " in await at.asks("stats --users")
    after = await counts(at, "stats --httpapi")
    grown = {k: int(after[k]) - int(api[k]) for k in after if k.endswith("_count")}
    assert grown == {
        "request_count": 7,
        "success_count": 1,
        "auth_error_count": 1,
        "charging_error_count": 1,
        "route_error_count": 1,
        **dict.fromkeys(
            ("interceptor_count", "interceptor_error_count", "throughput_error_count"), 0
        ),
        "server_error_count": 0,
    }


# covers: OPS-05
async def test_what_a_connector_sends_is_counted(
    accounts: World, at: Console, account: Account, number: str
) -> None:
    user = await account()
    before = await counts(at, "stats --smppc accounts")
    refused = number + "9"
    accounts.smsc.script(refused, Answer(status=0x0B))

    for to in (number, number, refused):
        await accounts.accepted(user=user, to=to)
    await accounts.smsc.got(number, 2)
    await accounts.smsc.got(refused)

    async def are_counted() -> bool:
        after = await counts(at, "stats --smppc accounts")
        return _grown(before, after) == {
            "submit_sm_request_count": 3,
            "submit_sm_count": 2,
            "other_submit_error_count": 1,
        }

    await asked(are_counted, "numbers of three messages")
    assert (await counts(at, "stats --smppc accounts"))["last_seqNum"] != "ND"


def _grown(before: dict[str, str], after: dict[str, str]) -> dict[str, int]:
    """But for enquiries of the session."""
    numbers = {
        key: int(after[key]) - int(before[key])
        for key in after
        if key.endswith("_count") and "elink" not in key
    }
    return {key: by for key, by in numbers.items() if by}
