"""Lists and tables are laid out as clients parse them."""

from jasmin_compat.servers.jcli.tables import Columns, plain

COLUMNS = Columns((5, 3), ("Name", "No"))


def test_a_list_is_padded_and_counted() -> None:
    rows = [("a", 1), ("longer than that", 22)]
    assert (
        COLUMNS.show(rows, "Total") == "#Name  No \n#a     1  \n#longer than that 22 \nTotal: 2\n"
    )


def test_an_empty_list_has_no_heading() -> None:
    assert COLUMNS.show([], "Total") == "Total: 0\n"


def test_a_plain_table_is_as_tabulate_makes_it() -> None:
    table = plain(["#Item", "Type", "Value"], [["#bind_count", "SMPP Server", 0], ["#x", "", "y"]])
    assert table == (
        "#Item        Type         Value\n"
        "#bind_count  SMPP Server  0\n"
        "#x                        y\n"
    )


def test_a_column_is_two_wider_than_its_name() -> None:
    assert plain(["#User id", "L.A."], [["#u1", "ND"]]) == "#User id    L.A.\n#u1         ND\n"
    assert plain(["#User id", "L.A."], []) == "#User id    L.A.\n"
