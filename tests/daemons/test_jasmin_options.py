"""Command lines of Jasmin's daemons (contract/config.md §8)."""

import argparse

import pytest

from jasmin_compat.daemons.jasmin_options import UsageMistake, add_options, help_text, parse


def test_what_gateway_scripts_and_unit_files_call() -> None:
    args = parse("jasmind", ["-c", "/etc/j.cfg", "-u", "jcliadmin", "-p", "jclipwd"])
    assert (args.config, args.username, args.password) == ("/etc/j.cfg", "jcliadmin", "jclipwd")
    flags = ["--enable-interceptor-client", "--enable-dlr-thrower", "--enable-dlr-lookup"]
    args = parse("jasmind", [*flags, "-u", "a", "-p", "b"])  # Jasmin's Docker image
    assert args.enable_interceptor_client
    assert args.enable_dlr_thrower
    assert args.enable_dlr_lookup
    assert not args.disable_http_api
    assert parse("jasmind", ["--username=x", "--password", "y"]).password == "y"
    assert parse("dlrd", []).id == "master"
    assert parse("dlrlookupd", ["-i", "gw", "--config=/x"]).id == "gw"


def test_both_ages_of_the_deliver_thrower_flag_are_taken() -> None:
    assert parse("jasmind", ["--enable-deliver-thrower"]).enable_deliver_thrower
    assert parse("jasmind", ["--disable-deliver-thrower"]).disable_deliver_thrower


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--nonsense"], "option --nonsense not recognized"),
        (["-x"], "option -x not recognized"),
        (["-c"], "option -c requires argument"),
        (["--config"], "option --config requires argument"),
        (["--disable-jcli=yes"], "option --disable-jcli must not have an argument"),
        (["surplus"], "Wrong number of arguments."),
    ],
)
def test_mistakes_have_jasmins_words(arguments: list[str], text: str) -> None:
    with pytest.raises(UsageMistake) as mistake:
        parse("jasmind", arguments)
    assert str(mistake.value) == text


@pytest.mark.parametrize("name", ["../x", "", "a b", "a/b"])
def test_an_id_that_cannot_be_part_of_a_file_name_is_a_mistake(name: str) -> None:
    with pytest.raises(UsageMistake, match="--id"):
        parse("dlrd", ["-i", name])
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_options(parser, "dlrd")
    with pytest.raises(argparse.ArgumentError, match="--id"):
        parser.parse_args(["-i", name])


@pytest.mark.parametrize("daemon", ["jasmind", "dlrlookupd", "dlrd"])
def test_the_subcommand_takes_the_same_options(daemon: str) -> None:
    parser = argparse.ArgumentParser()
    add_options(parser, daemon)
    ours = vars(parser.parse_args(["-c", "x"]))
    jasmins = vars(parse(daemon, ["-c", "x"]))
    assert jasmins == ours | {"help": False, "version": False}


def test_help_names_every_option() -> None:
    text = help_text("jasmind.py", "jasmind")
    assert text.startswith("Usage: jasmind.py [options]\nOptions:\n")
    for word in ("-c, --config=", "-u, --username=", "--disable-http-api", "--help", "--version"):
        assert word in text
