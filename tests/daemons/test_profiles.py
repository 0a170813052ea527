"""Profiles lie where Jasmin's settings say, or all in one folder."""

from pathlib import Path

from jasmin_compat.daemons.profiles import open_profiles
from jasmin_compat.settings.read import read_settings
from tests import builders
from tests.fakes import FakeClock


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*.*")}


# covers: PERS-01
async def test_each_file_lies_in_the_folder_its_setting_names(tmp_path: Path) -> None:
    cfg = tmp_path / "jasmin.cfg"
    cfg.write_text(
        f"[router]\nstore_path={tmp_path}/r\n[client-management]\nstore_path={tmp_path}/c"
    )
    read = read_settings(cfg=cfg, environment={"STORE_PATH": f"{tmp_path}/s", "LOG_PATH": "/l"})
    await open_profiles(read, clock=FakeClock()).write("p", builders.site())
    found = files(tmp_path)
    assert {"c/p.smppccs", "s/p.filters", "s/p.httpccs", "r/p.router-users"} < found
    assert b"/l/default-con1.log" in (tmp_path / "c" / "p.smppccs").read_bytes()

    await open_profiles(read, clock=FakeClock(), folder=tmp_path / "all").write(
        "p", builders.site()
    )
    assert len([name for name in files(tmp_path) if name.startswith("all/p.")]) == 9
