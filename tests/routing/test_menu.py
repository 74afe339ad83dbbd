"""Voice menus: targets, depths, loops and keys that lead nowhere."""

from hypothesis import given
from hypothesis import strategies as st

from agent.model import MenuKey
from agent.routing.menu import Menu


def menu(*keys):
    """A menu of ``"menu key target"`` entries."""
    return Menu.of([MenuKey(*[*key.split(), ""][:3]) for key in keys])


TREE = menu(
    "main 1 queue",
    "main 1 hangup",
    "main 2 menu:sub",
    "main 3 menu:gone",
    "sub 1 binding:b1",
    "sub 2 menu:deep",
    "sub 3",
    "deep 0 voicemail",
    "island 1 binding:b9",
)


def test_of_a_key_with_two_entries_the_first_counts():
    assert TREE.root == "main"
    assert TREE.keys["main"] == {"1": "queue", "2": "menu:sub", "3": "menu:gone"}
    assert TREE.follow("1") == "queue"


def test_keys_are_followed_to_their_target():
    assert TREE.follow("") is None
    assert TREE.follow("2") is None
    assert TREE.follow("21") == "binding:b1"
    assert TREE.follow("219") == "binding:b1"
    assert TREE.follow("220") == "voicemail"
    assert TREE.follow("9") == ""
    assert TREE.follow("29") == ""
    assert TREE.follow("23") == ""
    assert TREE.follow("3") == ""
    assert TREE.follow("31") == ""


def test_targets_and_depths_of_what_can_be_reached():
    assert TREE.targets() == {"queue", "binding:b1", "voicemail"}
    assert TREE.depths() == {"main": 1, "sub": 2, "deep": 3}


def test_the_shortest_way_is_the_depth():
    shortcut = menu("a 1 menu:b", "a 2 menu:c", "b 1 menu:c", "c 1 menu:d", "d 1 menu:a")
    assert shortcut.depths() == {"a": 1, "b": 2, "c": 2, "d": 3}


def test_a_loop_is_a_way_back_and_not_two_ways_forward():
    assert menu("a 1 menu:b", "b 1 menu:a").has_loop()
    assert menu("a 1 menu:a").has_loop()
    assert menu("a 1 menu:b", "b 1 menu:c", "c 1 menu:b").has_loop()
    assert not menu("a 1 menu:b", "a 2 menu:c", "b 1 menu:c", "c 1 queue").has_loop()
    assert not menu("a 1 queue", "b 1 menu:b").has_loop()
    assert not TREE.has_loop()


def test_keys_without_an_existing_target_are_dead():
    assert TREE.dead_keys(["b1"]) == [("main", "3"), ("sub", "3"), ("island", "1")]
    assert TREE.dead_keys(["b1", "b9"]) == [("main", "3"), ("sub", "3")]
    assert menu("a 1 queue", "a 2 voicemail", "a 3 hangup", "a 4 menu:a").dead_keys([]) == []


names = st.sampled_from("abcd")
entries = st.lists(
    st.builds(MenuKey, names, st.sampled_from("12"), names.map("menu:{}".format)), min_size=1
)


@given(entries)
def test_a_menu_has_a_loop_exactly_if_some_walk_never_ends(keys):
    made = Menu.of(keys)
    depths = made.depths()
    walks = {made.root}
    for _ in range(len(made.keys) + 1):
        targets = {target for name in walks for target in made.keys.get(name, {}).values()}
        walks = {target.removeprefix("menu:") for target in targets} & made.keys.keys()
    assert made.has_loop() == bool(walks)
    assert depths[made.root] == 1
    assert all(1 <= depth <= len(made.keys) for depth in depths.values())
