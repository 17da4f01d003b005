"""An HTTP gateway for AWS Lambda handlers that is exact where AWS is known."""
