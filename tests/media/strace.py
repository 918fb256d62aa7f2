# SPDX-License-Identifier: Apache-2.0
"""Lists what a program opened and whom it called, by strace."""
import re

CALLS = "open,openat,openat2,creat,memfd_create,socket,connect,bind,sendto"
WRITING = "O_(WRONLY|RDWR|CREAT)"
# The check for leaks cannot work in a traced program.
ENV = {"ASAN_OPTIONS": "exitcode=99:detect_leaks=0"}


def tracer(log):
    """The command to put before the program's own. A descriptor is printed with its path."""
    return ["strace", "-f", "-qq", "-y", "-s", "4096", "-o", log, "-e", f"trace={CALLS}"]


def calls(log):
    """The lines of the log without process ids, those of a call cut in two put together."""
    whole, begun = [], {}
    for line in log.read_text(errors="replace").splitlines():
        pid, call = line.split(maxsplit=1)
        if call.endswith("<unfinished ...>"):
            begun[pid] = call.removesuffix("<unfinished ...>")
        elif resumed := re.match(r"<\.\.\. \w+ resumed>(.*)", call):
            whole.append(begun.pop(pid) + resumed[1])
        else:
            whole.append(call)
    return whole + list(begun.values())


def internet(calls):
    return [call for call in calls if "AF_INET" in call]


def created(calls):
    """The paths of the files that were made, or opened for writing."""
    writing = [call for call in calls if re.match("creat|memfd_", call) or re.search(WRITING, call)]
    return {opened[1] for call in writing if (opened := re.search(r"= \d+<(.*)>$", call))}
