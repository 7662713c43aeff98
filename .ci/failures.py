"""Prints the tests that failed, each with its cause and the end of its log: the last thing in CI's output."""
import glob
import xml.etree.ElementTree as xml

SAID_LINES = 30
FRAMES = 6
LOG_LINES = 25


def cause(problem):
    """What was said, and the frames of our own."""
    lines = (problem.text or problem.get("message") or "").splitlines()
    frame = [line.lstrip().startswith("at ") for line in lines]
    said = [line for line, is_frame in zip(lines, frame) if not is_frame]
    half = SAID_LINES // 2
    if len(said) > SAID_LINES:
        said = said[:half] + ["..."] + said[-half:]
    ours = [line for line, is_frame in zip(lines, frame) if is_frame and "dev.headrace" in line]
    return said + ours[:FRAMES]


for report in sorted(glob.glob("*/target/*-reports/TEST-*.xml")):
    for case in xml.parse(report).getroot().iter("testcase"):
        for problem in [*case.findall("failure"), *case.findall("error")]:
            print(f"FAILED {case.get('classname')}.{case.get('name')} after {case.get('time')} s")
            for line in cause(problem):
                print("    " + line[:300])
            for line in (case.findtext("system-out") or "").splitlines()[-LOG_LINES:]:
                print("  | " + line[:300])
