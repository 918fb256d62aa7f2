# SPDX-License-Identifier: Apache-2.0
"""The house's own rules: who may include whom, what the small program holds, how files look."""
import os
import pathlib
import re
import subprocess

import pytest

REPO = pathlib.Path(__file__).parents[2]
PROGRAM = pathlib.Path(
    os.environ.get("MEDIACONVERT_LOCAL", REPO / "build/release/bin/mediaconvert-local")
)
FORMATTED_BY = "14."  # other versions of clang-format put some lines differently
MOST_LINES = 800

SOURCES = sorted(path for path in (REPO / "src").rglob("*") if path.suffix in (".c", ".h", ".def"))
TESTS = sorted(path for path in (REPO / "tests").rglob("*") if path.suffix in (".c", ".h"))
# The libraries: one for each folder, and those of some of a folder's FILES.
FOLDERS, PARTS = {}, {}
for line, name in re.findall(
    r"^(folder\((\w+)[^)]*\))", (REPO / "CMakeLists.txt").read_text(), re.M
):
    said = dict(re.findall(r"(PART_OF|FILES|LINKS)\s+((?:(?!LINKS|FILES)[\w:]+\s*)+)", line))
    FOLDERS[name] = said["LINKS"].split()
    for file in said.get("FILES", "").split():
        PARTS[f"{said['PART_OF'].strip()}/{file}"] = name

# Which library of CMakeLists.txt the headers of that name belong to.
HEADERS = {
    "libav": "FFMPEG",
    "libsw": "FFMPEG",
    "turbojpeg": "TURBOJPEG",
    "cjson": "CJSON",
    "openssl": "OPENSSL",
    "curl": "CURL",
    "libxml": "LIBXML2",
    "zlib": "ZLIB",
    "zip.h": "LIBZIP",
    "sqlite3": "SQLITE",
    "microhttpd": "MICROHTTPD",
}


def output_of(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def library_of(file):
    """The library that a file belongs to, given as it is included: "dispatch/worker.h"."""
    return PARTS.get(str(pathlib.PurePath(file).with_suffix("")), file.split("/")[0])


def folder_of(source):
    return library_of(str(source.relative_to(REPO / "src")))


def may_include(folder):
    """The folders whose headers this one may include: itself and what it LINKS. cli/ may all."""
    return set(FOLDERS) | {"cli"} if folder == "cli" else {folder, *FOLDERS[folder]} & set(FOLDERS)


def may_use(folder):
    """The libraries that it LINKS, or that it gets with a folder's headers."""
    words = [word for name in may_include(folder) for word in FOLDERS.get(name, ())]
    return {word.removeprefix("PkgConfig::") for word in words}


def includes(source, opening, closing):
    return re.findall(
        rf"^\s*#\s*include\s+{opening}([^{closing}]+){closing}", source.read_text(), re.M
    )


def test_folders_are_those_that_are_built():
    assert {folder_of(source) for source in SOURCES} == {*FOLDERS, "cli"}


def test_includes_go_down():
    wrong = [
        f"{source.relative_to(REPO)}: {name}"
        for source in SOURCES
        for name in includes(source, '"', '"')
        if "/" not in name or library_of(name) not in may_include(folder_of(source))
    ]
    assert not wrong


def test_libraries_stay_where_they_are_linked():
    wrong = [
        f"{source.relative_to(REPO)}: {name}"
        for source in SOURCES
        for name in includes(source, "<", ">")
        for prefix, library in HEADERS.items()
        if name.startswith(prefix) and library not in may_use(folder_of(source))
    ]
    assert not wrong


def test_folders_have_an_order():
    below = {folder: may_include(folder) - {folder} for folder in FOLDERS}
    while below:
        lowest = [folder for folder, folders in below.items() if not folders & set(below)]
        assert lowest, f"these use each other: {sorted(below)}"
        for folder in lowest:
            del below[folder]


def test_small_program_holds_no_ffmpeg():
    assert not re.findall(r"lib(?:av|sw|x264|turbojpeg)\S*", output_of("ldd", PROGRAM))


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_mutable_globals(folder):
    """Tables with pointers in them are constant, too: they lie in .data.rel.ro."""
    # 0000000000000000 l     O .bss\t0000000000000004 counter
    symbols = output_of("objdump", "-t", PROGRAM.parents[1] / f"lib{folder}.a")
    assert not re.findall(
        r"\sO (?:\.t?data(?!\.rel\.ro)\S*|\.t?bss\S*|\*COM\*)\s+\S+\s+(\S+)$", symbols, re.M
    )


def test_licence_on_top():
    first = "/* SPDX-License-Identifier: Apache-2.0 */\n"
    assert not [
        str(source.relative_to(REPO))
        for source in [*SOURCES, *TESTS]
        if not source.read_text().startswith(first)
    ]


def test_one_story_in_a_file():
    lines = {
        str(source.relative_to(REPO)): source.read_text().count("\n")
        for source in [*SOURCES, *TESTS]
    }
    assert not {name: count for name, count in lines.items() if count > MOST_LINES}


def test_formatted():
    version = output_of("clang-format", "--version")
    if f"version {FORMATTED_BY}" not in version:
        pytest.skip(
            f"the format is that of clang-format {FORMATTED_BY}x, this is {version.strip()}"
        )
    sources = [source for source in [*SOURCES, *TESTS] if source.suffix != ".def"]
    command = ["clang-format", "--dry-run", "-Werror", *sources]
    checked = subprocess.run(command, capture_output=True, text=True)
    assert (checked.returncode, checked.stderr) == (0, ""), "run clang-format -i on these"
