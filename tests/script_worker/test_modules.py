"""What scripts can import."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "line",
    [
        "from smpp.pdu.pdu_types import AddrTon, EsmClass, DataCoding, PriorityFlag, PDURequest",
        "from smpp.pdu.operations import SubmitSM, DeliverSM, DataSM",
        "from smpp.pdu.smpp_time import FixedOffset, SMPPRelativeTime",
        "import smpp.pdu.pdu_types as types; types.AddrNpi.ISDN",
        "import jasmin.routing.Routables; jasmin.routing.Routables.RoutableSubmitSm",
        "from jasmin.routing.Routables import InvalidTagError, TagNotFoundError, InvalidLockError",
        "from jasmin.routing.jasminApi import User, Group, Connector, MtMessagingCredential",
        "from jasmin.vendor.smpp.pdu.pdu_types import *; AddrTon.NATIONAL",
        "from smpp.pdu import pdu_types, operations",
    ],
)
def test_names_are_where_scripts_look(line: str) -> None:
    code = f"from jasmin_compat.script_worker.modules import install; install()\n{line}"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_nothing_of_it_is_in_the_gateways_process() -> None:
    code = (
        "import sys, jasmin_compat.daemons.jasmind\n"
        "assert not {'smpp', 'jasmin', 'smpp.pdu', 'jasmin.routing'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
