"""What docs/metrics.md says."""
import os
import re

from tests.support.broker import ROOT


def documented_metrics():
    """{metric: (type, {labels})} of the tables of docs/metrics.md."""
    metrics = {}
    with open(os.path.join(ROOT, "docs/metrics.md"), encoding="utf-8") as file:
        for line in file:
            cells = [cell.strip() for cell in line.split("|")[1:-1]]
            if len(cells) == 5 and cells[0].startswith("`"):
                values_left_out = re.sub(r":(?: `[a-z_]+`,?)+", "", cells[2])
                metrics[cells[0].strip("`")] = (cells[1], set(re.findall(r"`([a-z_]+)`", values_left_out)))
    return metrics
