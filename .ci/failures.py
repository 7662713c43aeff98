"""Prints the tests that failed, each with its cause and the end of its log: the last thing in CI's output."""
import glob
import xml.etree.ElementTree as xml

CAUSE_LINES = 12
LOG_LINES = 25


def tail(text, count):
    return [line[:300] for line in (text or "").rstrip().splitlines()[-count:]]


for report in sorted(glob.glob("*/target/*-reports/TEST-*.xml")):
    for case in xml.parse(report).getroot().iter("testcase"):
        for problem in [*case.findall("failure"), *case.findall("error")]:
            print(f"FAILED {case.get('classname')}.{case.get('name')} after {case.get('time')} s")
            cause = (problem.text or problem.get("message") or "").splitlines()
            for line in cause[:CAUSE_LINES]:
                print("    " + line[:300])
            for line in tail(case.findtext("system-out"), LOG_LINES):
                print("  | " + line)
