"""README.md: the table of sentences and tests."""
import os
import re

from kit import HERE, TOP, need


def check_every_sentence_names_tests_that_exist(t):
    """Every sentence of both contracts has a test that holds it: each row of the table names tests, all of them exist,
    and all checks of this folder stand in the table."""
    from run import discover
    checks = {name for name, _ in discover([])}
    with open(os.path.join(HERE, "README.md")) as f:
        rows = [l for l in f if l.startswith("|") and not l.startswith(("| sentence", "| ---"))]
    need(len(rows) > 80, f"{len(rows)} rows")
    units = {}
    for file in os.listdir(os.path.join(TOP, "tests", "unit")):
        with open(os.path.join(TOP, "tests", "unit", file)) as f:
            units[file.split(".")[0]] = set(re.findall(r"START_TEST\((\w+)\)", f.read()))
    with open(os.path.join(TOP, "tests", "CMakeLists.txt")) as f:
        runners = set(re.findall(r"(?:nnc_script\(|NAME )\"?([\w+]+)", f.read()))
    named = set()
    for row in rows:
        cells = row.strip().strip("|").split(" | ")
        need(len(cells) == 2 and cells[0].strip(), f"not two cells: {row}")
        tests = re.findall(r"`([^`]+)`", cells[1])
        need(tests, f"no test holds: {cells[0]}")
        for test in tests:
            folder = os.path.join(TOP, "tests", test)
            if test.startswith(("cases/", "diagnostics/", "golden/", "streaming/", "tools/", "random", "reference/")):
                need(os.path.exists(folder), f"there is no {test}, which shall hold: {cells[0]}")
            elif test.startswith("check_"):
                file, _, name = test.partition(".")
                need(file in units and (not name or name in units[file]), f"there is no unit test {test}")
            elif test.startswith("ctest "):
                need(test[6:] in runners, f"tests/CMakeLists.txt adds no test {test[6:]}")
            else:
                need(test in checks, f"there is no check {test}, which shall hold: {cells[0]}")
                named.add(test)
    need(checks - named <= {"readme.every_sentence_names_tests_that_exist"},
         f"not in the table: {sorted(checks - named)}")
