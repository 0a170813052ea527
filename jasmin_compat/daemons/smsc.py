"""`jasmin-compat smsc`: an SMSC simulator, for demonstrations, tests and first steps."""

import argparse
import asyncio
import contextlib
import json
import signal
import ssl
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from functools import partial
from pathlib import Path
from random import Random

import uvloop

from jasmin_compat.runtime.clock import SystemClock
from jasmin_compat.smpp_io.server import plain_link
from jasmin_compat.smpp_io.simulator import Account, Simulator, serving
from jasmin_compat.smpp_io.smsc_control import (
    MAX_LINE_OCTETS,
    BadCommand,
    Control,
    refusal_from,
    status_from,
)
from jasmin_compat.smpp_io.smsc_plan import Ids, Receipts, SmscPlan
from jasmin_compat.smpp_io.trace import TracedLink


def add_arguments(parser: argparse.ArgumentParser) -> None:
    _add_listening(parser)
    _add_answers(parser)
    _add_receipts(parser)
    messages = parser.add_argument_group("messages of subscribers (MO)")
    messages.add_argument("--mo-every", type=float, default=0, metavar="S", help="one each S s")
    messages.add_argument("--mo-from", default="33611111111", metavar="NUMBER")
    messages.add_argument("--mo-to", default="1234", metavar="NUMBER")
    messages.add_argument("--mo-text", default="hello", metavar="TEXT")


def _add_listening(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=_port, default=2775, help="0: a free one, printed")
    parser.add_argument("--control", type=_port, metavar="PORT", help="take commands; try `help`")
    parser.add_argument("--tls-cert", metavar="PEM", help="TLS, with certificate and key in PEM")
    parser.add_argument("--password", help="demanded in binds")
    parser.add_argument("--account", metavar="FILE", help="append a JSON line for each submit "
                        "and each receipt that was taken")  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, help="of what is chosen at random")
    parser.add_argument("-v", "--verbose", action="store_true", help="print each PDU")


def _add_answers(parser: argparse.ArgumentParser) -> None:
    answers = parser.add_argument_group("answers to submits")
    answers.add_argument("--ids", choices=["decimal", "hex", "uuid"], default="decimal")
    answers.add_argument("--id-prefix", default="")
    answers.add_argument("--id-width", type=int, default=1, help="digits, with leading zeros")
    answers.add_argument("--id-first", type=int, default=1)
    answers.add_argument(
        "--status",
        action="append",
        default=[],
        metavar="RULE",
        help="'STATUS [every N] [share P] [to PREFIX]'; STATUS is a name, a number, or none for "
        "no answer; the first rule that applies decides",
    )
    answers.add_argument("--bind-status", default="ESME_ROK")
    answers.add_argument("--delay", type=float, default=0, metavar="S")
    answers.add_argument("--delay-spread", type=float, default=0, metavar="S",
                         help="up to S more, at random")  # fmt: skip


def _add_receipts(parser: argparse.ArgumentParser) -> None:
    receipts = parser.add_argument_group("receipts")
    receipts.add_argument(
        "--receipts", choices=["requested", "always", "never"], default="requested"
    )
    receipts.add_argument("--receipt-delay", type=float, default=1, metavar="S")
    receipts.add_argument("--receipt-states", default="DELIVRD", metavar="A=0.9,B=0.1",
                          help="final states and their weights")  # fmt: skip
    receipts.add_argument("--receipt-first", metavar="STATE", help="ACCEPTD or ENROUTE, before")
    receipts.add_argument("--receipt-form", choices=["text", "tlv", "both"], default="both")
    receipts.add_argument(
        "--receipt-dialect",
        choices=["standard", "seconds", "century", "short", "bare", "shouted"],
        default="standard",
    )
    receipts.add_argument("--receipt-pdu", choices=["deliver_sm", "data_sm"], default="deliver_sm")
    receipts.add_argument("--receipt-id-bases", type=int, choices=[0, 1, 2], default=0,
                          help="1: hex in answers, decimal in receipts; 2: reverse")  # fmt: skip
    receipts.add_argument("--retry", type=float, default=5, metavar="S",
                          help="before a receipt that was refused is sent again")  # fmt: skip


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise ValueError(port)
    return port


def plan_from(args: argparse.Namespace) -> SmscPlan:
    """Raises: BadCommand."""
    return SmscPlan(
        ids=Ids(style=args.ids, prefix=args.id_prefix, width=args.id_width, first=args.id_first),
        refusals=tuple(refusal_from(rule.split()) for rule in args.status),
        bind_status=status_from(args.bind_status),
        password=args.password,
        delay_s=args.delay,
        delay_spread_s=args.delay_spread,
        retry_s=args.retry,
        receipts=Receipts(
            when=args.receipts,
            delay_s=args.receipt_delay,
            states=_weights(args.receipt_states),
            first_state=args.receipt_first,
            form=args.receipt_form,
            dialect=args.receipt_dialect,
            pdu=args.receipt_pdu,
            id_bases=args.receipt_id_bases,
        ),
    )


def _weights(text: str) -> tuple[tuple[str, float], ...]:
    pairs = [pair.partition("=") for pair in text.split(",")]
    try:
        return tuple((state, float(weight) if weight else 1.0) for state, _, weight in pairs)
    except ValueError as error:
        raise BadCommand(f"receipt states: {error}") from error


def run(args: argparse.Namespace) -> int:
    """Run until SIGTERM or SIGINT; the last line is the counters as JSON."""
    try:
        plan = plan_from(args)
        with (
            _account(args.account) as account,
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        ):
            runner.run(_run(args, plan, account))
    except BadCommand as mistake:
        print(f"jasmin-compat smsc: {mistake}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"jasmin-compat smsc: {error}", file=sys.stderr)
        return 1
    return 0


@contextlib.contextmanager
def _account(path: str | None) -> Iterator[Account]:
    if path is None:
        yield lambda _entry: None
        return
    with Path(path).open("a", buffering=1) as file:  # each line is there when it is written

        def write(entry: Mapping[str, str | int | float | bool]) -> None:
            file.write(json.dumps(entry) + "\n")

        yield write


async def _run(args: argparse.Namespace, plan: SmscPlan, account: Account) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    clock = SystemClock()
    simulator = Simulator(plan, random=Random(args.seed), now=clock.local_now, account=account)
    make_link = partial(TracedLink, show=_show, now=clock.local_now) if args.verbose else plain_link
    tls = _tls(args.tls_cert)
    async with serving(
        simulator, host=args.host, port=args.port, tls=tls, make_link=make_link
    ) as listener:
        control = Control(simulator, listener)
        _show(f"SMSC simulator: listening on {args.host}:{listener.port}")
        async with _controlled(control, args), asyncio.TaskGroup() as tasks:
            messages = tasks.create_task(_send_messages(simulator, args), name="messages")
            await stop.wait()
            messages.cancel()
    _show(json.dumps(control.stats([])))


def _tls(certificate: str | None) -> ssl.SSLContext | None:
    """Raises OSError."""
    if certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@contextlib.asynccontextmanager
async def _controlled(control: Control, args: argparse.Namespace) -> AsyncIterator[None]:
    if args.control is None:
        yield
        return
    async with await asyncio.start_server(
        control.serve, args.host, args.control, limit=MAX_LINE_OCTETS
    ) as server:
        port = server.sockets[0].getsockname()[1]
        _show(f"SMSC simulator: commands on {args.host}:{port}")
        yield


async def _send_messages(simulator: Simulator, args: argparse.Namespace) -> None:
    while args.mo_every > 0:
        await asyncio.sleep(args.mo_every)
        simulator.send_message(args.mo_from, args.mo_to, args.mo_text.encode())


def _show(line: str) -> None:
    print(line, flush=True)
