"""A page for everybody, and one for the user that the load balancer has logged in."""

import base64
import json


def claims(headers):
    """What the identity provider said of the user, None without one.

    The load balancer signs it; a function that others can reach too should check that with the public key.
    """
    data = headers.get("x-amzn-oidc-data")
    return json.loads(base64.urlsafe_b64decode(data.split(".")[1])) if data else None


def handler(event, context):
    user = claims(event["headers"])
    text = f"Hello {user['name']}" if user else "Hello stranger"
    return {
        "statusCode": 200,
        "headers": {"content-type": "text/plain; charset=utf-8"},
        "body": f"{text}, this is {event['path']}\n",
    }
