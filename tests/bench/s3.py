#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The tutorial's job from S3 to S3 against the same job from folder to folder: interleaved runs.

    tests/bench/s3.py CLIP [--runs N] [--speed draft] [--set /pointer=value ...] [--json]

The server is that of tests/s3, on the same machine: what it computes, which is said as well, it takes
from the cores that the job has. Exit status 1: the median of the ratios of wall times is above
1.05, or the median of the peak memories more than 40 MiB above the folder's.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import sys
import tempfile

from compare import JOB, PROGRAM, REPO, interleave, measure, spread, text

sys.path.append(str(REPO / "tests/s3"))
from server import NOON, Server  # noqa: E402

MOST_RATIO, MOST_MIB = 1.05, 40


def server_cpu(server):
    """Seconds that its processes have used."""
    seconds = 0
    for file in (server.folder / "run").glob("*.pid"):
        fields = pathlib.Path(f"/proc/{file.read_text().strip()}/stat").read_text().rsplit(")", 1)[1].split()
        seconds += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return seconds


def compare(arguments, folder, server):
    """What measure() says of each run in the folder and on the server, there with the server's CPU."""
    clip = arguments.clip.name
    (folder / "clips").mkdir(parents=True)
    shutil.copy(arguments.clip, folder / "clips")
    with arguments.clip.open("rb") as body:
        server.put("clips", clip, body)
    server.new_bucket("out")
    job = [PROGRAM, "run", JOB, "--input", f"s3://clips/{clip}", "--destination", "s3://out/x",
           "--progress", "none", "--speed", arguments.speed]  # fmt: skip
    for setting in arguments.set:
        job += ["--set", setting]

    def in_folder():
        return measure([*job, "--storage", folder], SOURCE_DATE_EPOCH=NOON)

    def on_server():
        before = server_cpu(server)
        return measure(job, **server.environment()) | {"server": server_cpu(server) - before}

    return interleave(in_folder, on_server, arguments.runs)


def summary(folders, servers):
    column = lambda runs, what: spread([run[what] for run in runs])  # noqa: E731
    ratios = lambda what: spread([s[what] / f[what] for f, s in zip(folders, servers)])  # noqa: E731
    return {
        "runs": len(folders),
        "load": os.getloadavg()[0],
        "wall": {"ratio": ratios("wall"), "folder_s": column(folders, "wall"), "s3_s": column(servers, "wall")},
        "CPU": {"ratio": ratios("CPU"), "folder_s": column(folders, "CPU"), "s3_s": column(servers, "CPU")},
        "memory": {
            "more_mib": spread([s["memory"] - f["memory"] for f, s in zip(folders, servers)]),
            "folder_mib": column(folders, "memory"),
            "s3_mib": column(servers, "memory"),
        },
        "server_cpu_s": statistics.mean(run["server"] for run in servers),
    }


def print_summary(found):
    for name in ("wall", "CPU"):
        row = found[name]
        print(f"{name:7} {text(row['ratio'])}  S3 {text(row['s3_s'])} s, folder {text(row['folder_s'])} s")
    row = found["memory"]
    print(f"memory  {text(row['more_mib'], '+.1f')} MiB  S3 {text(row['s3_mib'], '.1f')} MiB, "
          f"folder {text(row['folder_mib'], '.1f')} MiB")  # fmt: skip
    print(f"the server itself: {found['server_cpu_s']:.2f} s of CPU for each run; "
          f"{found['runs']} runs of each, load {found['load']:.1f} at the end")  # fmt: skip


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("clip", type=pathlib.Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--speed", default="normal")
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = Server(pathlib.Path(folder) / "ceph")
        try:
            found = summary(*compare(arguments, pathlib.Path(folder) / "buckets", server))
        finally:
            server.stop()
    print(json.dumps(found, indent=4)) if arguments.json else print_summary(found)
    too_much = found["wall"]["ratio"]["median"] > MOST_RATIO or found["memory"]["more_mib"]["median"] > MOST_MIB
    sys.exit(too_much)


if __name__ == "__main__":
    main()
