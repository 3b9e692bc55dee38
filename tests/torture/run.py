"""The frame of a torture: arguments, a broker, a log, and the auditor's verdict."""
import argparse
import os
import random
import subprocess
import sys
import traceback

from tests.support.broker import Broker
from tests.torture.worker import Log

AUDITOR = os.path.join(os.path.dirname(os.path.abspath(__file__)), "auditor.py")


def arguments_of(description, **numbers):
    """--seed (drawn, or PARLEY_TEST_SEED), --keep, and one option for each number, which is its default."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in numbers.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    drawn = os.environ.get("PARLEY_TEST_SEED") or random.SystemRandom().randrange(1_000_000)
    parser.add_argument("--seed", type=int, default=int(drawn))
    parser.add_argument("--keep", action="store_true", help="leave the data and the log")
    options = parser.parse_args()
    options.line = " ".join([*(f"--{name} {getattr(options, name)}" for name in numbers), f"--seed {options.seed}"])
    print(options.line, flush=True)
    return options


def judged(torture, options, prepare=None, **broker_options):
    """Runs torture(broker, log, options) on a broker of its own, and the auditor on the log, also when the torture itself
    stopped: what was found until then is worth reading. `prepare(broker)` comes before the first start. The exit code."""
    broker = Broker(bridge=True, **broker_options)
    log_path = os.path.join(broker.folder, "workload.jsonl")
    try:
        if prepare:
            prepare(broker)
        broker.start()
        log, stopped = Log(log_path), False
        try:
            torture(broker, log, options)
        except BaseException:
            traceback.print_exc()
            broker.print_logs()
            stopped = True
        finally:
            log.close()
        code = subprocess.run([sys.executable, AUDITOR, log_path], timeout=600, check=False).returncode
        if code or stopped:
            print(f"failed; again with {options.line}")
        return code or int(stopped)
    finally:
        if options.keep:
            print(f"kept: {broker.folder}")
            broker.stop()
        else:
            broker.close()
