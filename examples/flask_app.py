"""A Flask application behind apig-wsgi (pip install apig-wsgi flask)."""

from apig_wsgi import make_lambda_handler
from flask import Flask, request

app = Flask(__name__)


@app.get("/hello/<name>")
def greet(name):
    return {"hello": name, "query": request.args.to_dict()}


handler = make_lambda_handler(app)
