"""What the in-process client costs over calling the handler directly, for each front door.

    python benchmarks/testing_client.py [REQUESTS]

Both are timed in turns, in one process; the figures are medians per request.  Above the budget of 1 ms the code is 1.
"""

import statistics
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

from gateway.testing import FLAVOURS, lambda_client, make_event

BUDGET_MS = 1.0
BODY = b'{"name": "Rex", "tags": ["dog", "good"]}'
HEADERS = {"Content-Type": "application/json", "Cookie": "session=abc; theme=dark"}


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    return {"statusCode": 200, "body": event.get("body") or ""}


def timed(call: Callable[[], object]) -> float:
    started = perf_counter()
    call()
    return (perf_counter() - started) * 1000


def main() -> int:
    requests = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    worst = 0.0
    print(f"{'front door':12} {'direct ms':>10} {'client ms':>10} {'cost ms':>10}")
    for as_ in FLAVOURS:
        event = make_event(as_, "POST", "/pets?a=1&b=2", HEADERS, BODY)
        client = lambda_client(handler, as_)
        direct, through = [], []
        for turn in range(requests + 50):
            one = timed(lambda event=event: handler(event, None))
            other = timed(lambda client=client: client.post("/pets?a=1&b=2", content=BODY, headers=HEADERS))
            if turn >= 50:
                direct.append(one)
                through.append(other)
        client.close()
        cost = statistics.median(through) - statistics.median(direct)
        worst = max(worst, cost)
        print(f"{as_:12} {statistics.median(direct):10.4f} {statistics.median(through):10.4f} {cost:10.4f}")
    print(f"at most {worst:.3f} ms over a direct call; the budget is {BUDGET_MS:g} ms")
    return int(worst > BUDGET_MS)


if __name__ == "__main__":
    sys.exit(main())
