"""The impure facts of a request: its id, its time and its trace id, made once at the edge."""

import time
from random import getrandbits  # ids need not be secret

from gateway.translation.messages import Arrival


def arrive() -> Arrival:
    """The facts of a request that arrives now."""
    digits = getrandbits(224).to_bytes(28, "big").hex()  # for both ids at once
    now = time.time()
    request_id = f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:32]}"
    return Arrival(request_id, int(now * 1000), f"1-{int(now):08x}-{digits[32:]}")
