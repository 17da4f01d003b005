"""Takes a second to import."""

import time

time.sleep(1)


def handler(event, context):
    return "at last"
