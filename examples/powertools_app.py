"""Routes of Powertools for AWS Lambda (pip install aws-lambda-powertools)."""

from aws_lambda_powertools.event_handler import ALBResolver

app = ALBResolver(decode_query_parameters=True)


@app.get("/hello/<name>")
def greet(name):
    query = app.current_event.resolved_query_string_parameters
    return {"hello": name, "query": {key: values[-1] for key, values in query.items()}}


def handler(event, context):
    return app.resolve(event, context)
