"""Agents' scores from machine scores and reviews: the mixed model beside statsmodels' crossed MixedLM.

    python -m benchmarks.evaluation mixed [--agents 250 500 1000] [--contacts 60] [--reviews 5] [--reviewers 40]
                                          [--limit 600] [--json]

Both fit review = b0 + b1 machine + b2 the agent's machine mean + agent + reviewer + error by REML on the same reviews,
each in a process of its own. callqa's time is that of ``estimate_agents``, which prepares the columns, fits, and gives
every agent an estimate with its interval; statsmodels' is that of building and fitting the model with two variance
components in one group, which is how it takes crossed effects. Variances must agree to 1 %. statsmodels' time grows
with nearly the cube of the agents: 2,000 take some minutes; a size that passes the limit is said and not counted.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import warnings
from time import perf_counter
from typing import Any

import numpy as np

from qa_pipeline.appraisal.estimation import Reviewed, Scored, estimate_agents

WAYS = ("callqa", "statsmodels")
TOLERANCE_RATIO = 0.01
VARIANCES = ("agent", "reviewer", "residual")
# Standard deviations in points, as in `callqa validate estimation`.
AGENT, REVIEWER, CONTACT, MACHINE_AGENT, MACHINE, REVIEW = 5.0, 4.0, 10.0, 3.0, 4.5, 5.6


def make(agents: int, contacts: int, reviews: int, reviewers: int) -> tuple[Scored, Reviewed]:
    """Return machine scores of all contacts and reviews of some; the same for every way."""
    random = np.random.default_rng(agents)
    calls = 70 + AGENT * random.standard_normal((agents, 1)) + CONTACT * random.standard_normal((agents, contacts))
    machine = 66 + 0.7 * (calls - 70) + MACHINE_AGENT * random.standard_normal((agents, 1))
    machine = machine + MACHINE * random.standard_normal(calls.shape)
    chosen = np.argsort(random.random(calls.shape), axis=1)[:, :reviews]
    contact = (np.arange(agents)[:, None] * contacts + chosen).ravel()
    reviewer = random.integers(0, reviewers, len(contact))
    severity = REVIEWER * random.standard_normal(reviewers)
    review = calls.ravel()[contact] + severity[reviewer] + REVIEW * random.standard_normal(len(contact))
    scored = Scored(
        agent=np.repeat(np.arange(agents), contacts),
        score=machine.ravel(),
        case=np.zeros(agents * contacts, dtype=np.intp),
    )
    return scored, Reviewed(
        contact=contact, reviewer=reviewer, score=review, targeted=np.zeros(len(contact), dtype=bool)
    )


def run_callqa(scored: Scored, reviewed: Reviewed) -> tuple[float, list[float]]:
    """Return seconds and the three variances."""
    began = perf_counter()
    fit = estimate_agents(scored, reviewed).fit
    return perf_counter() - began, [fit.agent_variance, fit.reviewer_variance, fit.residual_variance]


def run_statsmodels(scored: Scored, reviewed: Reviewed) -> tuple[float, list[float]]:
    """Return the same for statsmodels."""
    import pandas as pd
    import statsmodels.formula.api as models

    agent = scored.agent[reviewed.contact]
    means = np.bincount(scored.agent, scored.score) / np.bincount(scored.agent)
    table = pd.DataFrame(
        {
            "review": reviewed.score,
            "machine": scored.score[reviewed.contact],
            "machine_mean": means[agent],
            "agent": agent,
            "reviewer": reviewed.reviewer,
            "all": 1,
        }
    )
    began = perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of how far the optimiser came: the variances are compared
        model = models.mixedlm(
            "review ~ machine + machine_mean",
            table,
            groups="all",
            vc_formula={"agent": "0 + C(agent)", "reviewer": "0 + C(reviewer)"},
        )
        fit = model.fit(reml=True)
    seconds = perf_counter() - began
    named = dict(zip(model.exog_vc.names, fit.vcomp, strict=True))
    return seconds, [float(named["agent"]), float(named["reviewer"]), float(fit.scale)]


def run_one(way: str, given: argparse.Namespace) -> None:
    """Run one way in this process and print its figures."""
    scored, reviewed = make(given.agents[0], given.contacts, given.reviews, given.reviewers)
    if way == "callqa":
        # The first call of the numerical libraries is not part of the work.
        estimate_agents(*make(50, given.contacts, given.reviews, given.reviewers))
    seconds, variances = (run_callqa if way == "callqa" else run_statsmodels)(scored, reviewed)
    mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"way": way, "seconds": seconds, "variances": variances, "peak_mib": mib}))


def options(parser: argparse.ArgumentParser) -> None:
    """Add what may be chosen."""
    parser.add_argument("--agents", type=int, nargs="+", default=[250, 500, 1000])
    parser.add_argument("--contacts", type=int, default=60, help="machine scores of each agent")
    parser.add_argument("--reviews", type=int, default=5, help="reviewed contacts of each agent")
    parser.add_argument("--reviewers", type=int, default=40)
    parser.add_argument("--limit", type=float, default=600.0, help="seconds that statsmodels may take for one size")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of the table")
    parser.add_argument("--alone", choices=WAYS, help=argparse.SUPPRESS)


def run(given: argparse.Namespace) -> None:
    """Fit each size in both ways and print the table."""
    if given.alone:
        run_one(given.alone, given)
        return
    rows = []
    for agents in given.agents:
        found = {way: measure(way, agents, given) for way in WAYS}
        ours, other = found["callqa"], found["statsmodels"]
        assert ours is not None
        if other is not None:
            differences = [abs(one / two - 1) for one, two in zip(ours["variances"], other["variances"], strict=True)]
            assert max(differences) <= TOLERANCE_RATIO, f"variances differ: {ours['variances']}, {other['variances']}"
            row = {"difference_ratio": max(differences), "ratio": other["seconds"] / ours["seconds"]}
        else:
            row = {"difference_ratio": None, "ratio": given.limit / ours["seconds"]}
        rows.append({"agents": agents, **found, **row})
    if given.json:
        print(json.dumps({"contacts": given.contacts, "reviews": given.reviews, "sizes": rows}))
        return
    print(f"{given.contacts} contacts and {given.reviews} reviews of each agent, {given.reviewers} reviewers")
    print(f"{'agents':>7}{'callqa s':>10}{'MiB':>6}{'statsmodels s':>15}{'MiB':>7}{'ratio':>8}  variances differ by")
    for row in rows:
        ours, other = row["callqa"], row["statsmodels"]
        line = f"{row['agents']:>7}{ours['seconds']:>10.3f}{ours['peak_mib']:>6.0f}"
        if other is None:
            print(f"{line}{f'over {given.limit:.0f}':>15}{'':>7}{row['ratio']:>7.0f}+  not finished")
        else:
            line += f"{other['seconds']:>15.1f}{other['peak_mib']:>7.0f}{row['ratio']:>8.0f}"
            print(f"{line}  at most {row['difference_ratio']:.4%}")


def measure(way: str, agents: int, given: argparse.Namespace) -> dict[str, Any] | None:
    """Return the figures of one way from a process of its own; None when it passed the limit."""
    command = [sys.executable, "-m", "benchmarks.evaluation", "mixed", "--alone", way, "--agents", str(agents)]
    command += ["--contacts", str(given.contacts), "--reviews", str(given.reviews)]
    command += ["--reviewers", str(given.reviewers)]
    try:
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=given.limit + 30)
    except subprocess.TimeoutExpired:
        return None
    found: dict[str, Any] = json.loads(done.stdout)
    return found
