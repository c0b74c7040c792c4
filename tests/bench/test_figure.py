from bench.figure import Figure, alternate


def make(goal, ours=(50.0, 60.0, 40.0), theirs=(100.0, 80.0, 120.0), **more):
    return Figure("P1", "a credit", "pgbench", ours, theirs, goal=goal, why="Python", **more)


def test_the_ratio_is_of_the_medians_and_the_spread_of_single_rounds():
    figure = make(0.5)
    assert figure.ratio == 0.5
    assert figure.spread == (40 / 120, 60 / 80)


def test_a_goal_that_is_missed_says_by_how_much_and_why():
    assert "reached" in str(make(0.5)) and "Python" not in str(make(0.5))
    assert "missed by 20%: Python" in str(make(0.625))


def test_of_bytes_and_waits_less_is_better():
    assert "≤ 0.50  reached" in str(make(0.5, less_is_better=True))
    assert "missed by 25%: Python" in str(make(0.4, less_is_better=True))


def test_the_side_that_begins_changes_each_round():
    taken = []

    def side(name):
        return lambda: taken.append(name) or float(len(taken))

    ours, theirs = alternate(3, side("ours"), side("theirs"))
    assert taken == ["ours", "theirs", "theirs", "ours", "ours", "theirs"]
    assert (ours, theirs) == ((1.0, 4.0, 5.0), (2.0, 3.0, 6.0))
