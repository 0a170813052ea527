"""Jasmin's folders from the environment (contract/config.md §2)."""

import pytest

from jasmin_compat.settings.paths import Paths, paths_from


# covers: W-CFG-17
@pytest.mark.parametrize(
    ("environment", "paths"),
    [
        ({}, Paths()),
        ({"ROOT_PATH": "/"}, Paths()),
        (
            {"ROOT_PATH": "/srv/sms/"},
            Paths(
                config="/srv/sms/etc/jasmin",
                resource="/srv/sms/etc/jasmin/resource",
                store="/srv/sms/etc/jasmin/store",
                log="/srv/sms/var/log/jasmin",
            ),
        ),
        (
            {"CONFIG_PATH": "/c/", "LOG_PATH": "/l", "STORE_PATH": "/s", "RESOURCE_PATH": "/r"},
            Paths(config="/c", resource="/r", store="/s", log="/l"),
        ),
        (
            {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "HOSTNAME": "odd", "LOG_PATH": "/l"},
            Paths(log="/var/log/jasmin/odd"),
        ),
        ({"KUBERNETES_SERVICE_HOST": "x"}, Paths(log="/var/log/jasmin/default-hostname")),
    ],
    ids=["nothing", "root", "another root", "each", "a pod", "a pod without a name"],
)
def test_folders(environment: dict[str, str], paths: Paths) -> None:
    assert paths_from(environment) == paths


def test_a_text_is_filled_in() -> None:
    assert Paths(log="/l").fill_in("{LOG_PATH}/router.log") == "/l/router.log"
