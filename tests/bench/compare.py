# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks share: programs measured in turn, and their ratios.

Times only mean something on an idle machine. Ratios of runs that alternate survive a machine that
drifts, so all that is compared is run as ours, peer, peer, ours, …
"""
import json
import os
import pathlib
import statistics
import subprocess
import time

REPO = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("MEDIACONVERT_LOCAL", REPO / "build/release/bin/mediaconvert-local")
JOB = REPO / "job-json/tutorial.json"
MEASURES = {"wall": "s", "CPU": "s", "memory": "MiB"}


def measure(*commands, status=0, **env):
    """Wall seconds, CPU seconds and peak MiB of commands, one after the other, and of their
    children, which end with this status. What they print goes nowhere; nor do errors that are meant.
    A child's peak begins with what this process has when it starts it: that must be little."""
    wall = cpu = peak = 0
    for command in commands:
        before = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=os.environ | env,
                                   stderr=subprocess.DEVNULL if status else None)  # fmt: skip
        _, ended, usage = os.wait4(process.pid, 0)
        assert os.waitstatus_to_exitcode(ended) == status, command
        wall += time.monotonic() - before
        cpu += usage.ru_utime + usage.ru_stime
        peak = max(peak, usage.ru_maxrss / 1024)
    return {"wall": wall, "CPU": cpu, "memory": peak}


def interleave(ours, peer, runs):
    """What the two functions return, `runs` times each after one that does not count."""
    ours(), peer()
    found = {ours: [], peer: []}
    for run in range(runs):
        for function in (ours, peer) if run % 2 == 0 else (peer, ours):
            found[function].append(function())
    return found[ours], found[peer]


def spread(values):
    return {"min": min(values), "median": statistics.median(values), "max": max(values)}


def ratios(ours, peer):
    """Of each measure: the spread of ours divided by the peer's, and both."""
    return {
        name: {
            "ratio": spread([a[name] / b[name] for a, b in zip(ours, peer)]),
            "ours": spread([run[name] for run in ours]),
            "peer": spread([run[name] for run in peer]),
            "unit": unit,
        }
        for name, unit in MEASURES.items()
    }


def text(values, form=".2f"):
    return f"{values['median']:{form}} ({values['min']:{form}} … {values['max']:{form}})"


def print_ratios(title, found):
    print(title)
    for name, row in found.items():
        unit = row["unit"]
        print(f"  {name:7} {text(row['ratio'])}  ours {text(row['ours'], '.1f')} {unit}, "
              f"peer {text(row['peer'], '.1f')} {unit}")  # fmt: skip


def finish(found, as_json, show):
    """Ends a benchmark: its figures as JSON, or as `show` prints them."""
    found["load"] = os.getloadavg()[0]
    if as_json:
        print(json.dumps(found, indent=4, ensure_ascii=False))
    else:
        show(found)
        print(f"load at the end: {found['load']:.1f}")


def run_job(clip, folder, *more):
    """The tutorial's job on a clip, as a command."""
    return [PROGRAM, "run", JOB, "--input", clip, "--destination", "s3://out/x", "--storage", folder,
            "--progress", "none", *more]  # fmt: skip


def frame_rate(clip):
    command = "ffprobe -v error -select_streams v:0 -show_entries stream=avg_frame_rate -of csv=p=0"
    over, under = subprocess.check_output([*command.split(), clip], text=True).strip().split("/")
    return int(over) / int(under)
