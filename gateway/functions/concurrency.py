"""The account's concurrency: one pool for all functions that have not reserved a part of it.

Facts, from the AWS Lambda developer guide ("Understanding Lambda function scaling")

- A reservation takes its part out of the pool and is the most that its function gets.
- What is beyond is throttled: ``ReservedFunctionConcurrentInvocationLimitExceeded`` for a reservation,
  ``ConcurrentInvocationLimitExceeded`` for the pool.
- A slot is held from the dispatch to the answer, or to the end of a stream.
"""

from typing import Final

RESERVED_LIMIT: Final = "ReservedFunctionConcurrentInvocationLimitExceeded"
ACCOUNT_LIMIT: Final = "ConcurrentInvocationLimitExceeded"


class ConcurrencyPool:
    """Slots that several functions share, or the ones that one function reserved.

    Args:
        limit: Invocations at once; None for as many as there come.
        reason: What the Invoke API says beyond the limit.
    """

    def __init__(self, limit: int | None, reason: str) -> None:
        self.limit = limit
        self.reason = reason
        self.in_use = 0

    def take(self) -> bool:
        """Take a slot; False when there is none left."""
        if self.limit is not None and self.in_use >= self.limit:
            return False
        self.in_use += 1
        return True

    def give_back(self) -> None:
        """The invocation that held a slot has ended."""
        self.in_use -= 1


def unreserved_pool(account_limit: int | None, reserved: list[int]) -> ConcurrencyPool:
    """What is left of an account's concurrency for the functions without a reservation."""
    limit = None if account_limit is None else max(account_limit - sum(reserved), 0)
    return ConcurrencyPool(limit, ACCOUNT_LIMIT)
