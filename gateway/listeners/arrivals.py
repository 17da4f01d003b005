"""The impure facts of a request: its id, its time and its trace id, made once at the edge."""

import time
from random import getrandbits  # ids need not be secret

from gateway.translation.messages import Arrival


def arrive() -> Arrival:
    """The facts of a request that arrives now."""
    bits = f"{getrandbits(224):056x}"  # for both ids at once: formatting is most of the work
    now = time.time()
    request_id = f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-a{bits[17:20]}-{bits[20:32]}"
    return Arrival(request_id, int(now * 1000), f"1-{int(now):08x}-{bits[32:]}")
