"""Which queue the DLR lookups of this site read."""

from pathlib import Path

from jasmin_compat.settings.entries import SettingsMistakes
from jasmin_compat.settings.read import SettingsRead, read_settings


def lookup_pid(read: SettingsRead, *, is_here: bool) -> str:
    """The `[dlr] pid` whose queue jasmind declares, so that no report is published to nobody.

    Its own, when it looks up itself or its settings name one; else that of dlrlookupd.cfg beside
    them: Jasmin ships one with a pid of its own, and a second queue would fill for ever
    (W-AMQP-14).
    """
    own = read.settings.dlr.pid
    if is_here or ("dlr", "pid") in read.origins:
        return own
    beside = Path(read.paths.config) / "dlrlookupd.cfg"
    if not beside.is_file():
        return own
    try:
        return read_settings(cfg=beside, environment={}).settings.dlr.pid
    except SettingsMistakes:  # dlrlookupd says them at its own start
        return own
